/** What waits in inboxes and in quarantine, in words: the same on pages and on the command line, but for how times are written. */
import type { DatasetWaiting, ModelWaiting } from '../stages/waiting.js'
import { countOf } from './format.js'

/** What waits at one place. */
export interface WaitingWords {
  readonly place: 'inbox' | 'quarantine'
  /** The feed of labels whose answers they are; null for the model's rows. */
  readonly feed: string | null
  /** How much: `4 pushes`. */
  readonly what: string
  /** When the first of it came, ISO 8601. */
  readonly since: string | null
}

/** What waits of a model and of its feeds, place by place; nothing where nothing waits. */
export const waitingWords = (waiting: ModelWaiting): readonly WaitingWords[] => [
  ...wordsOf(waiting, null),
  ...waiting.feeds.flatMap((feed) => wordsOf(feed, feed.feed)),
]

function wordsOf({ pushes, quarantine }: DatasetWaiting, feed: string | null): readonly WaitingWords[] {
  const { batches, rows, unreadable } = quarantine
  const broken = [
    ...(rows > 0 ? [`${countOf(rows, 'row')} of ${countOf(batches - unreadable, 'batch', 'batches')}`] : []),
    ...(unreadable > 0 ? [countOf(unreadable, 'unreadable batch', 'unreadable batches')] : []),
  ].join(', ')
  const inbox = pushes === null || pushes.arrivals === 0 ? '' : countOf(pushes.arrivals, 'push', 'pushes')
  return [
    ...(inbox === '' ? [] : [{ place: 'inbox' as const, feed, what: inbox, since: pushes?.since ?? null }]),
    ...(broken === '' ? [] : [{ place: 'quarantine' as const, feed, what: broken, since: quarantine.since }]),
  ]
}
