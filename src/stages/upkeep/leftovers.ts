/**
 * What runs, pushes and requests left behind beside the dataset, and nobody will read again. Each of it was named by a log; what makes
 * it rubbish was written later, and cannot be taken back:
 *
 * 1. Bytes of a push: the commit whose cursor is past it.
 * 2. Checkpoints of a training: what the training, or the whole run, left behind as its output; or a later run, as a model has one at
 *    a time. A run that repeats it has checkpoints of its own.
 * 3. Rows of a request for labels: none, as long as a request names them. Those that none names are of one that was not made.
 */
import { committedBy, datasetLog, knownOf } from '../../data/dataset/dataset-log.js'
import type { StoredObject } from '../../data/upkeep/remove-objects.js'
import { listLabelRequests } from '../../ledger/label-requests.js'
import { listRuns, readStage } from '../../ledger/run-ledger.js'
import type { SpecRevision } from '../../spec/spec.js'
import type { Storage } from '../../storage/storage.js'
import type { Ports } from '../ports.js'
import { requestFolder } from '../request-rows.js'
import { checkpointFolder } from '../train.js'

/** An object that was left behind. */
export interface Leftover extends StoredObject {
  readonly folder: 'inbox' | 'checkpoints' | 'requests'
}

/** Where to look. */
export interface LeftoversRequest {
  readonly model: string
  /** The newest spec of the dataset: of the model's rows, or of a feed. */
  readonly revision: SpecRevision
  /** What became rubbish, or was written, after this time stays; ISO 8601. */
  readonly since: string
  readonly isDry: boolean
}

/** Finds what was left behind, and removes it unless it is asked not to. */
export async function collectLeftovers(
  ports: Pick<Ports, 'storage' | 'data' | 'openSource'>,
  request: LeftoversRequest,
): Promise<readonly Leftover[]> {
  const { storage } = ports
  const { model, revision, since, isDry } = request
  const pushes = await pushesBefore(ports, request)
  if (revision.spec.model !== model) return pushes
  const found: Leftover[] = []
  for (const key of await overCheckpoints(storage, model, since)) found.push(...(await old(key, 'checkpoints')))
  for (const key of await unnamedRequests(storage, model)) found.push(...(await old(key, 'requests')))
  if (!isDry) for (const { key } of found) await storage.remove(key)
  return [...pushes, ...found]

  async function old(key: string, folder: Leftover['folder']): Promise<readonly Leftover[]> {
    const stat = await storage.stat(key)
    const isOld = stat !== undefined && stat.modifiedAt.toISOString() <= since
    return isOld ? [{ folder, key, bytes: stat.bytes }] : []
  }
}

async function pushesBefore(
  { data, openSource }: Pick<Ports, 'data' | 'openSource'>,
  { revision, since, isDry }: LeftoversRequest,
): Promise<readonly Leftover[]> {
  // Other sources have nothing in the store, and may not be allowed.
  if (revision.spec.data.source.kind !== 'push') return []
  const known = knownOf(await committedBy(datasetLog(data.storage, revision.spec.model), since))
  const forgotten = (await openSource(revision).forget?.(known, { isDry })) ?? []
  return forgotten.map((bytes) => ({ folder: 'inbox', ...bytes }))
}

/** Keys of checkpoints of trainings that are over. A run has none that are older than itself. */
async function overCheckpoints(storage: Storage, model: string, since: string): Promise<readonly string[]> {
  const runs = await listRuns(storage, model)
  const keys: string[] = []
  for (const { run, admittedAt } of runs) {
    if (admittedAt > since) continue
    const files: string[] = []
    for await (const key of storage.list(`${checkpointFolder({ model, run })}/`)) files.push(key)
    if (files.length > 0 && (run < (runs.at(-1)?.run ?? 0) || (await hasTrained(storage, model, run))))
      keys.push(...files)
  }
  return keys
}

async function hasTrained(storage: Storage, model: string, run: number): Promise<boolean> {
  const outputs = await Promise.all(['train', 'report'].map((stage) => readStage(storage, model, run, stage)))
  return outputs.some((output) => output !== undefined)
}

async function unnamedRequests(storage: Storage, model: string): Promise<readonly string[]> {
  const named = new Set((await listLabelRequests(storage, model)).map(({ body }) => body.rows.uri))
  const keys: string[] = []
  for await (const key of storage.list(`${requestFolder(model)}/`)) if (!named.has(key)) keys.push(key)
  return keys
}
