/** Reading rows of a model while others compact, erase or collect them: what is removed meanwhile is somewhere else, or gone. */
import { isRemoval } from '../data/dataset/dataset-entry.js'
import { allEntries, datasetLog } from '../data/dataset/dataset-log.js'
import { isRefitError, RefitError } from '../errors.js'
import { datasetSpecs } from '../spec/datasets.js'
import type { ModelSpec } from '../spec/spec.js'
import type { Storage } from '../storage/storage.js'

/** Where the log of each dataset of a model ended, by the name of the dataset. */
export type LogEnds = Readonly<Record<string, number>>

/**
 * Does work that reads rows or answers, and tells it where their logs ended before. Rejects with `Conflict`, not permanent, when an
 * object that it reads was removed meanwhile: the next attempt finds the rows where they are then.
 */
export async function readingRows<T>(
  storage: Storage,
  spec: ModelSpec,
  read: (ends: LogEnds) => Promise<T>,
): Promise<T> {
  const ends = await logEnds(storage, spec)
  try {
    return await read(ends)
  } catch (thrown) {
    if (!isRefitError(thrown, 'NotFound') || !(await hasRemovedSince(storage, ends))) throw thrown
    throw new RefitError(
      'Conflict',
      `Cannot read the rows of "${spec.model}" to the end: objects of theirs were removed meanwhile. Try again: the rows that are left are found where they are now.`,
      { permanent: false, cause: thrown },
    )
  }
}

async function logEnds(storage: Storage, spec: ModelSpec): Promise<LogEnds> {
  const ends = datasetSpecs(spec).map(async ({ model: dataset }) => {
    const head = await datasetLog(storage, dataset).head()
    return [dataset, head?.seq ?? 0] as const
  })
  return Object.fromEntries(await Promise.all(ends))
}

async function hasRemovedSince(storage: Storage, ends: LogEnds): Promise<boolean> {
  for (const [dataset, end] of Object.entries(ends)) {
    const entries = await allEntries(datasetLog(storage, dataset))
    if (entries.some(({ seq, body }) => seq > end && isRemoval(body))) return true
  }
  return false
}
