/**
 * A person's right to be forgotten: their rows are erased from a dataset, and counted as such. What must always be true:
 *
 * 1. First the rows that are left take the place of those that were there, by entries of the log; then the objects with the
 *    person's rows are removed, whatever names them. To forget wins over being able to train a version once more.
 * 2. It is done when a search of all that the log names finds nothing; so a killed one is simply done again.
 * 3. No entry says who the person is.
 */
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import { COLUMN_TYPES } from '../../spec/columns.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { ObjectRef } from '../../storage/objects.js'
import type { PositionedCommit } from '../dataset/commit.js'
import { isCommit, isRewrite, type PositionedEntry } from '../dataset/dataset-entry.js'
import { allEntries, datasetLog } from '../dataset/dataset-log.js'
import { type DataContext, withDuckDb } from '../engine/context.js'
import { queryRow } from '../engine/query.js'
import { sqlText } from '../engine/sql.js'
import { eraseQuarantined } from './erase-quarantined.js'
import { eraseRows } from './erase-rows.js'
import { type FoundPerson, findPerson } from './find-person.js'
import type { Person } from './person.js'
import { reachableObjects } from './reachable.js'
import { removeObjects, type StoredObject } from './remove-objects.js'

/** Whom to forget, and on whose behalf. */
export interface EraseRequest {
  /** The spec of the dataset as it is now. */
  readonly spec: ModelSpec
  readonly person: Person
  /** Whether rows of quarantine that could not be taken apart are searched by their text. */
  readonly inText: boolean
  /** The spec of the dataset at a revision. */
  readonly specAt: (revision: number) => Promise<ModelSpec>
  readonly why: string
  readonly actor: string
  /** Only searches. */
  readonly isDry?: boolean
  readonly signal?: AbortSignal | undefined
}

/** What was erased, or would be. */
export interface Erasure {
  /** Rows of the dataset. */
  readonly keptRows: number
  /** Rows that waited in quarantine. */
  readonly quarantinedRows: number
  /** Commits that the rows were of, in order. */
  readonly commits: readonly number[]
  /** Objects that held them, removed unless it was only a search. */
  readonly objects: readonly StoredObject[]
  /** Batches that wait in quarantine as bytes: nobody can say whether the person is in them. */
  readonly unsearchable: readonly PositionedCommit[]
}

/** Erases the rows of a person. Rejects with `InvalidInput` for a value that no row can have. */
export async function erase(context: DataContext, request: EraseRequest): Promise<Erasure> {
  await requireValues(context, request)
  const { spec, isDry = false } = request
  const [commits, objects] = [new Set<number>(), new Map<string, StoredObject>()]
  let [keptRows, quarantinedRows] = [0, 0]
  for (;;) {
    const entries = await allEntries(datasetLog(context.storage, spec.model))
    const found = await findPerson(context, entries, request)
    for (const { commits: of } of found.partitions) for (const commit of of) commits.add(commit)
    const holding = await objectsWith(context, entries, found)
    for (const object of holding) objects.set(object.key, object)
    const { waiting: unsearchable } = found.unsearchable
    if (isDry || holding.length === 0) {
      const rows = isDry ? sumOf(found) : { keptRows, quarantinedRows }
      return { ...rows, commits: [...commits].sort((a, b) => a - b), objects: [...objects.values()], unsearchable }
    }
    const moved = await moveOthers(context, request, { entries, found })
    keptRows += moved.keptRows
    quarantinedRows += moved.quarantinedRows
    await removeHolding(context, request, { holding, commits: found.partitions.flatMap((one) => one.commits) })
  }
}

/** What is counted of a search: rows that are left of before a rewrite were counted then. */
const sumOf = ({ partitions, quarantines }: FoundPerson) => ({
  keptRows: partitions.reduce((sum, { isLive, rows }) => sum + (isLive ? rows : 0), 0),
  quarantinedRows: quarantines.reduce((sum, { waitingRows }) => sum + waitingRows, 0),
})

/** Puts the other rows in the place of all, wherever they belong to the dataset. */
async function moveOthers(
  context: DataContext,
  request: EraseRequest,
  { entries, found }: { readonly entries: readonly PositionedEntry[]; readonly found: FoundPerson },
): Promise<{ readonly keptRows: number; readonly quarantinedRows: number }> {
  const dataset = request.spec.model
  const revisions = new Map(entries.flatMap(({ seq, body }) => (isCommit(body) ? [[seq, body.specRevision]] : [])))
  const specOf = (commit: number) => request.specAt(revisions.get(commit) ?? 0)
  let [keptRows, quarantinedRows] = [0, 0]
  for (const { partition, isLive } of found.partitions) {
    if (isLive) keptRows += (await eraseRows(context, partition, { ...request, dataset, specOf })) ?? 0
  }
  for (const { commit, waits } of found.quarantines) {
    if (waits) quarantinedRows += await eraseQuarantined(context, commit.seq, { ...request, dataset })
  }
  return { keptRows, quarantinedRows }
}

/** Removes what held the person and is not needed now; what somebody rewrote meanwhile is for the next round. */
async function removeHolding(
  context: DataContext,
  { spec, why, actor }: EraseRequest,
  { holding, commits }: { readonly holding: readonly StoredObject[]; readonly commits: readonly number[] },
): Promise<void> {
  for (;;) {
    const entries = await allEntries(datasetLog(context.storage, spec.model))
    const needed = reachableObjects(entries, { positions: [], since: FOREVER })
    const objects = holding.filter(({ key }) => !needed.has(key))
    const expectedSeq = entries.at(-1)?.seq ?? 0
    const removal = { dataset: spec.model, verb: 'erase' as const, objects, commits, why, actor, expectedSeq }
    if ((await removeObjects(context, removal)) === 'removed') return
  }
}

/** A time after all entries: only what is needed now counts. */
const FOREVER = '9999'

/**
 * Objects that hold the person, and profiles in which they were counted. Bytes that nobody could read and that were decided
 * about are among them: nothing needs them, and nobody can say that the person is not in them.
 */
async function objectsWith(
  { storage }: DataContext,
  entries: readonly PositionedEntry[],
  { partitions, quarantines, unsearchable }: FoundPerson,
): Promise<readonly StoredObject[]> {
  const commits = new Set(partitions.flatMap((found) => found.commits))
  const refs = [
    ...partitions.map(({ partition }) => partition.object),
    ...quarantines.map(({ commit }) => commit.quarantine),
    ...unsearchable.decided.map(({ quarantine }) => quarantine),
    ...profilesOf(entries, commits),
  ]
  const keys = new Set(refs.flatMap((ref) => (ref === undefined ? [] : [ref.uri])))
  const found: StoredObject[] = []
  for (const key of keys) {
    const stat = await storage.stat(key)
    if (stat !== undefined) found.push({ key, bytes: stat.bytes })
  }
  return found
}

function profilesOf(
  entries: readonly PositionedEntry[],
  commits: ReadonlySet<number>,
): readonly (ObjectRef | undefined)[] {
  return entries.flatMap(({ seq, body }) => {
    if (isRewrite(body)) return body.shrunk.flatMap(({ commit, profile }) => (commits.has(commit) ? [profile] : []))
    return isCommit(body) && commits.has(seq) ? [body.profile] : []
  })
}

async function requireValues(context: DataContext, { spec, person }: EraseRequest): Promise<void> {
  await withDuckDb(context, { readable: [] }, async ({ connection }) => {
    for (const [column, values] of Object.entries(person)) {
      const type = spec.data.columns[column]?.type
      if (type === undefined) throw unknownColumn(spec, column)
      for (const value of values) {
        const sql = `SELECT TRY_CAST(${sqlText(value)} AS ${COLUMN_TYPES[type]}) IS NULL AS "isBad"`
        const { isBad } = await queryRow(connection, sql, z.object({ isBad: z.boolean() }))
        if (isBad)
          throw new RefitError(
            'InvalidInput',
            `Cannot erase by ${column}: expected a value of type ${type}, got "${value}".`,
          )
      }
    }
  })
}

function unknownColumn({ model, data }: ModelSpec, column: string): RefitError {
  const known = Object.keys(data.columns).join(', ')
  return new RefitError(
    'InvalidInput',
    `Cannot erase by "${column}": expected a column that arrives in "${model}", which are ${known}.`,
  )
}
