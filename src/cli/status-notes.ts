/** What `refit status` says below its table: where a run is, what it waits for, and what waits for a run or a person. */
import type { FeedSummary } from '../stages/feed-summaries.js'
import type { ModelWaiting } from '../stages/waiting.js'
import type { RunStatus } from '../workflows/messages.js'
import { countText, timeText } from './words.js'

/** Where a run is since when and how far, and what it waits for; nothing without a run. */
export function runNotes(run: RunStatus | null): readonly string[] {
  if (run === null) return []
  const { stage, since, progress, waitingFor, failing } = run
  const far = progress == null ? '' : `: ${progress}`
  const where = `Run ${run.run ?? '?'} of "${run.model}", ${stage} since ${timeText(since)}${far}`
  if (waitingFor === null) return [where]
  // The sentence has the moment as a program reads it.
  const what = failing === undefined ? waitingFor : waitingFor.replace(failing.since, timeText(failing.since))
  return [where, `  waiting for ${what}`]
}

/** What waits in the inbox and in quarantine, with the next step. */
export function waitingNotes(model: string, { pushes, quarantine }: ModelWaiting): readonly string[] {
  const { batches, rows, unreadable, since } = quarantine
  const broken = [
    ...(rows > 0 ? [`${countText(rows, 'row')} of ${countText(batches - unreadable, 'batch', 'batches')}`] : []),
    ...(unreadable > 0 ? [countText(unreadable, 'unreadable batch', 'unreadable batches')] : []),
  ]
  const inbox = pushes === null || pushes.arrivals === 0 ? [] : [countText(pushes.arrivals, 'push', 'pushes')]
  return [
    ...inbox.map(
      (count) =>
        `"${model}": ${count} in the inbox, since ${timeText(pushes?.since ?? '')}; the next run brings them in`,
    ),
    ...(broken.length === 0
      ? []
      : [
          `"${model}": ${broken.join(' and ')} in quarantine, since ${timeText(since ?? '')}; see \`refit quarantine list ${model}\``,
        ]),
  ]
}

/** What came by each feed of labels, and what of it waits in quarantine. */
export const feedNotes = (model: string, feeds: readonly FeedSummary[]): readonly string[] =>
  feeds.map(({ feed, kind, kept, quarantined, unreadable, lastAt }) => {
    const last = lastAt === null ? '' : `, the last of ${timeText(lastAt)}`
    const broken = [
      ...(quarantined > 0 ? [countText(quarantined, 'answer')] : []),
      ...(unreadable > 0 ? [countText(unreadable, 'unreadable batch', 'unreadable batches')] : []),
    ]
    const waits = broken.length === 0 ? '' : `; ${broken.join(' and ')} in quarantine`
    return `"${model}/labels/${feed}": ${countText(kept, `${kind} answer`)}${last}${waits}`
  })
