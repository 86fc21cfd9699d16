import { openSnapshot } from '../../src/data/dataset/snapshot.js'
import type { Ports } from '../../src/stages/ports.js'
import { sha256OfBytes } from '../../src/storage/digest.js'

/**
 * One text for what a dataset holds: of each batch its name, the digests of its bytes, of its partition and of its
 * quarantine, and its account. In which order batches were committed, when and by whom does not matter.
 */
export async function datasetDigest({ data }: Pick<Ports, 'data'>, dataset: string): Promise<string> {
  const { commits } = await openSnapshot(data, dataset)
  const batches = commits.map(({ source, batch, partition, quarantine, receipt, from, to }) =>
    JSON.stringify([source.path, batch, partition?.sha256, quarantine?.sha256, receipt, from, to]),
  )
  return sha256OfBytes(Buffer.from(batches.sort().join('\n')))
}
