/** What waits in the rescue spool, in words. */
import type { SpoolReport } from '../spool/report.js'
import type { Waiting } from '../spool/room.js'
import { sizeText, timeText } from './words.js'

/** The report as lines: what waits for which model, and what is wrong with it. */
export function describeSpool({ total, models, warnings, limits }: SpoolReport): readonly string[] {
  if (total.pushes === 0) return ['nothing waits in the spool']
  const named = Object.entries(models).map(([model, waiting]) => `"${model}": ${describe(waiting)}`)
  const share = total.bytes / limits.maxBytes
  const percent = share < 0.01 ? 'less than 1' : Math.floor(share * 100)
  const room = `${percent} % of its ${sizeText(limits.maxBytes)}`
  return [`${describe(total)} in the spool, ${room}`, ...(named.length > 1 ? named : []), ...warnings]
}

function describe({ pushes, bytes, since }: Waiting): string {
  const count = pushes === 1 ? '1 push waits' : `${pushes} pushes wait`
  return `${count} (${sizeText(bytes)}), since ${since === null ? 'now' : timeText(since)}`
}
