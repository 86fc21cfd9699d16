/**
 * The edges on which the profiles of a dataset are counted. They are frozen once, as profiles on other edges do not
 * merge: `datasets/<model>/bins` is a log whose first writer wins.
 */
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import { openLog } from '../../storage/log.js'
import type { Storage } from '../../storage/storage.js'
import type { DuckDb } from '../engine/context.js'
import { parquetRows, queryRow } from '../engine/query.js'
import { sqlList, sqlName, sqlText } from '../engine/sql.js'
import { featureColumns } from '../rules/features.js'

const BinsBody = z.strictObject({
  edges: z.record(z.string(), z.array(z.number()).readonly()).describe('strictly increasing edges by numeric feature'),
})

/** One revision of the bins. */
export interface Bins {
  readonly revision: number
  readonly edges: Readonly<Record<string, readonly number[]>>
}

/** With 200 bins at quantiles, binned distances are within 4e-4 of exact ones, whatever the shape. */
const EDGES = 199

/** Quantiles of so many rows are within .002 of their share, less than half of a bin; where an edge is matters little. */
const MOST_MEASURED_ROWS = 100_000

const binsLog = (storage: Storage, dataset: string) => openLog(storage, `datasets/${dataset}/bins`, BinsBody)

/** The newest bins of a dataset, or `undefined` before its first partition. */
export async function readBins(storage: Storage, dataset: string): Promise<Bins | undefined> {
  const head = await binsLog(storage, dataset).head()
  return head === undefined ? undefined : { revision: head.seq, edges: head.body.edges }
}

/** A revision of the bins. Rejects with `StoreCorrupt` when there is none with this number. */
export async function readBinsAt(storage: Storage, dataset: string, revision: number): Promise<Bins> {
  const entry = await binsLog(storage, dataset).at(revision)
  if (entry !== undefined) return { revision, edges: entry.body.edges }
  throw new RefitError(
    'StoreCorrupt',
    `Cannot count rows of "${dataset}" on bins revision ${revision}: there is none. Restore it from a backup.`,
  )
}

/**
 * The bins that hold an edge list for each numeric feature of the spec. What is missing is measured on the file: all of
 * it at the first partition, and later a feature that the spec gained, in a new revision that keeps the other edges.
 */
export async function requireBins(
  duckDb: DuckDb,
  request: { readonly storage: Storage; readonly spec: ModelSpec; readonly file: string; readonly actor: string },
): Promise<Bins> {
  const { storage, spec, file, actor } = request
  const numeric = featureColumns(spec).flatMap(({ name, kind }) => (kind === 'numeric' ? [name] : []))
  for (;;) {
    const bins = await readBins(storage, spec.model)
    const missing = numeric.filter((name) => bins?.edges[name] === undefined)
    if (bins !== undefined && missing.length === 0) return bins
    const edges = { ...bins?.edges, ...(await measureEdges(duckDb, { spec, file, names: missing })) }
    const expectedSeq = bins?.revision ?? 0
    const id = `revision-${expectedSeq + 1}`
    const { kind } = await binsLog(storage, spec.model).append({ id, actor, body: { edges }, expectedSeq })
    // Whoever lost the race takes the winner's edges, in the next round.
    if (kind === 'appended') return { revision: expectedSeq + 1, edges }
  }
}

/** Quantiles of each column, without repetitions and without what is no finite number; of a large file, of every n-th row. */
async function measureEdges(
  { connection }: DuckDb,
  { spec, file, names }: { spec: ModelSpec; file: string; names: readonly string[] },
) {
  if (names.length === 0) return {}
  const shares = sqlList(Array.from({ length: EDGES }, (_, index) => String((index + 1) / (EDGES + 1))))
  const quantiles = names.map((name) => {
    const value = `CAST(${sqlName(name)} AS DOUBLE)`
    return `approx_quantile(${value}, ${shares}) FILTER (isfinite(${value})) AS ${sqlName(name)}`
  })
  const lists = z.record(z.string(), z.array(z.number()).nullable())
  const step = Math.ceil((await parquetRows(connection, file)) / MOST_MEASURED_ROWS)
  const rows = `read_parquet(${sqlText(file)}) WHERE file_row_number % ${Math.max(step, 1)} = 0`
  const row = await queryRow(connection, `SELECT ${quantiles.join(', ')} FROM ${rows}`, lists)
  return Object.fromEntries(names.map((name) => [name, toEdges(row[name] ?? [], hasFractions(spec, name))]))
}

const hasFractions = ({ data }: ModelSpec, name: string): boolean =>
  (data.columns[name] ?? data.derived[name])?.type === 'number'

/** Quantiles are interpolated: between whole numbers there is nothing, so an edge there would only add an empty bin. */
const toEdges = (quantiles: readonly number[], fractions: boolean): readonly number[] =>
  quantiles
    .map((edge) => (fractions ? edge : Math.floor(edge)))
    .sort((one, other) => one - other)
    .filter((edge, index, all) => edge !== all[index - 1])
