import { latestSpec, type NumberedRevision } from '../ledger/spec-revisions.js'
import { datasetSpec, datasetSpecs, modelOf } from '../spec/datasets.js'
import type { Storage } from '../storage/storage.js'
import { whichModel } from './session.js'

/**
 * The dataset that is meant, with the newest spec of it: the rows of a model by its name, the answers of a feed by
 * `MODEL/labels/FEED`; of the only model there is unless named.
 */
export async function whichDataset(storage: Storage, named: string | undefined): Promise<NumberedRevision> {
  const model = await whichModel(storage, named === undefined ? undefined : modelOf(named))
  const revision = await latestSpec(storage, model)
  return { ...revision, spec: datasetSpec(revision.spec, named ?? model) }
}

/** As `whichDataset`, where the name of a model means its feeds too. The rows come first. */
export async function whichDatasets(storage: Storage, named: string | undefined): Promise<readonly NumberedRevision[]> {
  const revision = await whichDataset(storage, named)
  return datasetSpecs(revision.spec).map((spec) => ({ ...revision, spec }))
}
