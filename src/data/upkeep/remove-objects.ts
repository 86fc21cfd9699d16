/**
 * Removing objects that the log named. The entry comes first, and is appended only if nothing else was since all was looked
 * at: whoever is about to name one of the objects sees it, and takes another name. So it does no harm when a removal is
 * killed, or goes on long after another one has finished it.
 */

import { isRemoval, type Removal } from '../dataset/dataset-entry.js'
import { allEntries, datasetLog, idOf } from '../dataset/dataset-log.js'
import type { DataContext } from '../engine/context.js'

/** Keys of one entry: some 100 KB. */
const KEYS_PER_ENTRY = 1_000
/** Objects removed at a time. */
const PARALLEL = 16

/** What to remove, and on whose behalf. */
export interface RemovalRequest {
  readonly dataset: string
  readonly verb: Removal['removed']['verb']
  readonly objects: readonly StoredObject[]
  /** Commits of which a person was erased with the objects. */
  readonly commits?: readonly number[]
  readonly why: string
  readonly actor: string
  /** Position of the log that was looked at. */
  readonly expectedSeq: number
}

/** An object in the store. */
export interface StoredObject {
  readonly key: string
  readonly bytes: number
}

/** Enters the removal and removes the objects. `stale`: the log went on, and only a part was removed, if any: look again. */
export async function removeObjects(context: DataContext, request: RemovalRequest): Promise<'removed' | 'stale'> {
  const { dataset, verb, objects, commits = [], why, actor } = request
  const log = datasetLog(context.storage, dataset)
  let { expectedSeq } = request
  for (let first = 0; first < objects.length; first += KEYS_PER_ENTRY) {
    const some = objects.slice(first, first + KEYS_PER_ENTRY)
    const keys = some.map(({ key }) => key)
    const bytes = some.reduce((sum, object) => sum + object.bytes, 0)
    const named = commits.length === 0 ? {} : { commits }
    const body: Removal = { removed: { verb, why, objects: keys, bytes, ...named } }
    const outcome = await log.append({ id: idOf(['removed', keys]), actor, body, expectedSeq })
    if (outcome.kind === 'stale') return 'stale'
    expectedSeq = outcome.entry.seq
    await removeAll(context, keys)
  }
  return 'removed'
}

/** Removes objects that the log says are removed, or never named. */
export async function removeAll({ storage }: DataContext, keys: readonly string[]): Promise<void> {
  for (let first = 0; first < keys.length; first += PARALLEL) {
    await Promise.all(keys.slice(first, first + PARALLEL).map((key) => storage.remove(key)))
  }
}

/** Removes what an erasure entered and did not come to remove. */
export async function finishRemovals(context: DataContext, dataset: string): Promise<void> {
  const entries = await allEntries(datasetLog(context.storage, dataset))
  const keys = entries.flatMap(({ body }) =>
    isRemoval(body) && body.removed.verb === 'erase' ? body.removed.objects : [],
  )
  await removeAll(context, keys)
}
