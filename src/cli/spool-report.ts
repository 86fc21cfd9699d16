/** What waits in the rescue spool, in words. */
import { spoolWarnings, sumOf, type Waiting } from '../spool/room.js'
import type { Spool } from '../spool/spool.js'

/** The spool as it was seen. */
export interface SpoolReport {
  readonly location: string
  readonly total: Waiting
  /** What waits for each model; models for which nothing waits are left out. */
  readonly models: Readonly<Record<string, Waiting>>
  readonly warnings: readonly string[]
}

/** Looks into the spool. Rejects with `StoreUnavailable` while it does not answer. */
export async function reportSpool(spool: Spool, now: Date): Promise<SpoolReport> {
  const models = await spool.survey()
  const total = sumOf([...models.values()])
  return {
    location: spool.storage.location,
    total,
    models: Object.fromEntries(models),
    warnings: spoolWarnings(total, spool.limits, now),
  }
}

/** The report as lines: what waits for which model, and what is wrong with it. */
export function describeSpool({ total, models, warnings }: SpoolReport): readonly string[] {
  if (total.pushes === 0) return ['nothing waits in the spool']
  const named = Object.entries(models).map(([model, waiting]) => `"${model}": ${describe(waiting)}`)
  return [`${describe(total)} in the spool`, ...(named.length > 1 ? named : []), ...warnings]
}

function describe({ pushes, bytes, since }: Waiting): string {
  const count = pushes === 1 ? '1 push waits' : `${pushes} pushes wait`
  return `${count} (${size(bytes)}), since ${since ?? 'now'}`
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  const kilobytes = bytes / 1024
  return kilobytes < 1024 ? `${kilobytes.toFixed(1)} KB` : `${(kilobytes / 1024).toFixed(1)} MB`
}
