/** What `refit status` says below its table: where a run is, what it waits for, and what waits for a run or a person. */
import { feedDataset } from '../spec/datasets.js'
import type { ModelWaiting } from '../stages/waiting.js'
import { waitingWords } from '../web/waiting-words.js'
import type { RunStatus } from '../workflows/messages.js'
import { timeText } from './words.js'

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

/** What waits in inboxes and in quarantine, with the next step. */
export const waitingNotes = (model: string, waiting: ModelWaiting): readonly string[] =>
  waitingWords(waiting).map(({ place, feed, what, since }) => {
    const dataset = feed === null ? model : feedDataset(model, feed)
    const where = place === 'inbox' ? 'in the inbox' : 'in quarantine'
    const next = place === 'inbox' ? 'the next run brings them in' : `see \`refit quarantine list ${model}\``
    return `"${dataset}": ${what} ${where}, since ${timeText(since ?? '')}; ${next}`
  })
