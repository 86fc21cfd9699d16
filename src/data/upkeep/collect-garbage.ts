/** Garbage collection: objects of a dataset that nobody needs are found, and removed when that is wanted. */

import type { PositionedEntry } from '../dataset/dataset-entry.js'
import { allEntries, DATASET_FOLDERS, type DatasetFolder, datasetFolder, datasetLog } from '../dataset/dataset-log.js'
import { removedObjects } from '../dataset/dataset-state.js'
import type { DataContext } from '../engine/context.js'
import { type Keep, reachableObjects } from './reachable.js'
import { removeAll, removeObjects, type StoredObject } from './remove-objects.js'

/** What stays, and on whose behalf the rest is removed. */
export interface CollectRequest extends Keep {
  readonly dataset: string
  /** Keys of selections that stay: of runs that are under way or can be run again. */
  readonly selections: ReadonlySet<string>
  readonly why: string
  readonly actor: string
  /** Only finds them. */
  readonly isDry?: boolean
}

/** An object that nobody needs. */
export interface Garbage extends StoredObject {
  readonly folder: DatasetFolder
}

/**
 * Finds what nobody needs, and removes it unless it is asked not to. An object that no entry names counts as garbage when it was
 * written before `since`: whoever wrote it may still be about to name it.
 */
export async function collectGarbage(context: DataContext, request: CollectRequest): Promise<readonly Garbage[]> {
  const { dataset, isDry = false, why, actor } = request
  for (;;) {
    const entries = await allEntries(datasetLog(context.storage, dataset))
    const garbage = await findGarbage(context, request, entries)
    if (isDry) return garbage
    const removed = removedObjects(entries)
    const isNamed = ({ key, folder }: Garbage) => folder !== 'selections' && !removed.has(key)
    const objects = garbage.filter(isNamed)
    const expectedSeq = entries.at(-1)?.seq ?? 0
    const outcome = await removeObjects(context, { dataset, verb: 'collect', objects, why, actor, expectedSeq })
    if (outcome === 'stale') continue
    // Selections are in no log, and the rest was entered by a removal that did not come to its end.
    await removeAll(
      context,
      garbage.flatMap((object) => (isNamed(object) ? [] : [object.key])),
    )
    return garbage
  }
}

async function findGarbage(
  context: DataContext,
  request: CollectRequest,
  entries: readonly PositionedEntry[],
): Promise<readonly Garbage[]> {
  const needed = reachableObjects(entries, request)
  const found: Garbage[] = []
  for (const folder of DATASET_FOLDERS) {
    for await (const key of context.storage.list(`${datasetFolder(request.dataset, folder)}/`)) {
      if (needed.has(key) || request.selections.has(key)) continue
      const stat = await context.storage.stat(key)
      if (stat === undefined || stat.modifiedAt.toISOString() > request.since) continue
      found.push({ folder, key, bytes: stat.bytes })
    }
  }
  return found
}
