import { createHash } from 'node:crypto'
import type { AdmitRequest } from '../../workflows/messages.js'

/** Most distinct reasons that are spelled out; further ones are counted. */
const MOST_REASONS = 10
/** Bounds of the fields in `AdmitRequest`. */
const MOST_REASON_CHARACTERS = 2000
const MOST_ACTOR_CHARACTERS = 200

/**
 * One wish that stands for several: counts add up, equal reasons are told once. Its id follows from theirs, in any
 * order, so that the same messages merged again are the same wish.
 */
export function mergeRequests(first: AdmitRequest, others: readonly AdmitRequest[]): AdmitRequest {
  if (others.length === 0) return first
  const all = [first, ...others]
  const ids = all.map((request) => request.id).sort()
  return {
    ...first,
    id: `merged-${createHash('sha256').update(ids.join('\n')).digest('hex')}`,
    reason: mergeReasons(all),
    actor: [...new Set(all.map((request) => request.actor))].join(', ').slice(0, MOST_ACTOR_CHARACTERS),
    count: all.reduce((sum, request) => sum + request.count, 0),
  }
}

function mergeReasons(requests: readonly AdmitRequest[]): string {
  const counts = new Map<string, number>()
  for (const { reason, count } of requests) counts.set(reason, (counts.get(reason) ?? 0) + count)
  const told = [...counts]
    .slice(0, MOST_REASONS)
    .map(([reason, count]) => (count > 1 ? `${reason} (×${count})` : reason))
  const untold = counts.size - told.length
  const tail = untold === 0 ? '' : `; and ${untold} more reasons`
  const head = told.join('; ')
  const room = MOST_REASON_CHARACTERS - tail.length
  return (head.length > room ? `${head.slice(0, room - 1)}…` : head) + tail
}
