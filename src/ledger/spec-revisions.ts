import { RefitError } from '../errors.js'
import { SpecRevision } from '../spec/spec.js'
import { openLog } from '../storage/log.js'
import type { Storage } from '../storage/storage.js'

/** A spec with the number of its revision, which a run pins when it begins. */
export interface NumberedRevision extends SpecRevision {
  readonly revision: number
}

const specLog = (storage: Storage, model: string) => openLog(storage, `models/${model}/spec`, SpecRevision)

/** The newest spec of a model. Rejects with `NotFound` when none was applied. */
export async function latestSpec(storage: Storage, model: string): Promise<NumberedRevision> {
  const head = await specLog(storage, model).head()
  if (head === undefined) throw noSpec(model)
  return { ...head.body, revision: head.seq }
}

/** One revision of the spec of a model. */
export async function specAt(storage: Storage, model: string, revision: number): Promise<NumberedRevision> {
  const entry = await specLog(storage, model).at(revision)
  if (entry === undefined) throw noSpec(`${model}, revision ${revision}`)
  return { ...entry.body, revision: entry.seq }
}

/** Stores a spec as the next revision, unless it equals the newest one. Tells whether it was new. */
export async function applySpec(
  storage: Storage,
  next: SpecRevision,
  by: { readonly id: string; readonly actor: string },
): Promise<{ readonly revision: number; readonly isNew: boolean }> {
  const log = specLog(storage, next.spec.model)
  const head = await log.head()
  if (head !== undefined && JSON.stringify(head.body) === JSON.stringify(next)) {
    return { revision: head.seq, isNew: false }
  }
  const appended = await log.append({ id: by.id, actor: by.actor, body: next, expectedSeq: head?.seq ?? 0 })
  if (appended.kind !== 'stale') return { revision: appended.entry.seq, isNew: appended.kind === 'appended' }
  throw new RefitError(
    'Conflict',
    `Cannot apply the spec of model "${next.spec.model}": somebody else applied one at the same moment. Apply again.`,
    { permanent: false },
  )
}

/** Names of all models that have a spec, sorted. */
export async function modelNames(storage: Storage): Promise<readonly string[]> {
  const names: string[] = []
  let after = ''
  // A listing that skips from model to model: '~' sorts after every character a key may hold.
  for (;;) {
    const next = await firstKey(storage, after)
    if (next === undefined) return names
    const name = next.split('/')[1] ?? ''
    names.push(name)
    after = `models/${name}/~`
  }
}

async function firstKey(storage: Storage, after: string): Promise<string | undefined> {
  for await (const key of storage.list('models/', after)) return key
  return undefined
}

function noSpec(what: string): RefitError {
  return new RefitError(
    'NotFound',
    `Cannot find the spec of model "${what}": none was applied to this store. Apply one with \`refit apply\`.`,
  )
}
