/** The rows of requests for labels, as objects: which are there, and which go. Their counts stay in the log of requests. */
import { isRefitError } from '../errors.js'
import { type LabelRequested, listLabelRequests, type NumberedRequest } from '../ledger/label-requests.js'
import { objectFile } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'

/** Folder of the rows of a model's requests. */
export const requestFolder = (model: string): string => `datasets/${model}/requests`

/** Requests whose rows were not removed since, as somebody in them must be forgotten. */
export async function stillThere(
  storage: Storage,
  requests: readonly NumberedRequest[],
): Promise<readonly NumberedRequest[]> {
  const there = await Promise.all(requests.map(({ body }) => isThere(storage, body.rows)))
  return requests.filter((_, i) => there[i])
}

/** Whether the rows of a request are there: they are removed when somebody in them must be forgotten. */
export async function isThere(storage: Storage, ref: LabelRequested['rows']): Promise<boolean> {
  try {
    await objectFile(storage, ref)
    return true
  } catch (thrown) {
    if (isRefitError(thrown, 'NotFound')) return false
    throw thrown
  }
}

/**
 * Removes the rows of requests in which a person who must be forgotten may be, and rows that no request names; their counts
 * stay in the log. `isWhole` tells whether nobody was erased since a position of the dataset's log. Gives how many objects were
 * removed.
 */
export async function forgetRequests(
  storage: Storage,
  model: string,
  isWhole: (position: number) => boolean,
): Promise<number> {
  const whole = (await listLabelRequests(storage, model)).filter(({ body }) => isWhole(body.snapshot))
  const kept = new Set(whole.map(({ body }) => body.rows.uri))
  let removed = 0
  for await (const key of storage.list(`${requestFolder(model)}/`)) {
    if (kept.has(key)) continue
    await storage.remove(key)
    removed++
  }
  return removed
}
