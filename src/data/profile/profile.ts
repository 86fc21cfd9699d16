import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'
import { RefitError } from '../../errors.js'
import type { ModelSpec } from '../../spec/spec.js'
import type { CategoricalProfile, ColumnProfile, Profile } from '../../statistics/profile.js'
import { both } from '../engine/both.js'
import { type DuckDb, type EngineContext, withDuckDb } from '../engine/context.js'
import { Count, columnsOf, queryRows } from '../engine/query.js'
import { parquetScan, sqlName } from '../engine/sql.js'
import { featureColumns } from '../rules/features.js'
import type { Bins } from './bins.js'
import { columnsWithDictionary, countGroups, countStream } from './count-numbers.js'
import { countRows } from './count-rows.js'

/** What to profile: a Parquet file with the features of the spec; label and `_time` are counted where it has them. */
export interface ProfileRequest {
  readonly spec: ModelSpec
  /** A local path. */
  readonly file: string
  readonly bins: Bins
  readonly signal?: AbortSignal | undefined
}

/** Values of a category beyond these are counted together. */
const MOST_CATEGORIES = 1000

/** Counts a Parquet file by the spec's features, on the given bins. */
export async function profileFile(context: EngineContext, request: ProfileRequest): Promise<Profile> {
  const { file, signal } = request
  return withDuckDb(context, { readable: [file], signal }, (duckDb) => profilePartition(duckDb, request))
}

/**
 * As {@link profileFile}, on an instance that may read the file. Numbers are looked at in this thread while DuckDB's count what
 * can be grouped.
 */
export async function profilePartition(duckDb: DuckDb, { spec, file, bins }: ProfileRequest): Promise<Profile> {
  const { connection } = duckDb
  const dictionaries = await columnsWithDictionary(connection, file)
  const features = featureColumns(spec).map(({ name, kind }) => {
    return { name, edges: kind === 'numeric' ? edgesOf(bins, name) : undefined }
  })
  const numbers = features.flatMap(({ name, edges }) =>
    edges === undefined || dictionaries.has(name) ? [] : [{ name, edges }],
  )
  const grouped = features.filter(({ name, edges }) => edges === undefined || dictionaries.has(name))
  const beside = await duckDb.connect()
  try {
    const [streamed, { rows, others }] = await both(
      countStream(connection, file, numbers),
      countOthers(beside, file, grouped),
    )
    const columns = features.flatMap(({ name }) => {
      const profile = streamed.get(name) ?? others.get(name)
      return profile === undefined ? [] : [[name, profile] as const]
    })
    return { version: 1, bins: bins.revision, ...rows, columns: Object.fromEntries(columns) }
  } finally {
    beside.closeSync()
  }
}

/** A feature, and the edges of its bins if it is a number. */
interface Feature {
  readonly name: string
  readonly edges: readonly number[] | undefined
}

async function countOthers(connection: DuckDBConnection, file: string, features: readonly Feature[]) {
  const others = new Map<string, ColumnProfile>()
  const scan = parquetScan([file])
  for (const { name, edges } of features) {
    const count =
      edges === undefined ? countCategories(connection, scan, name) : countGroups(connection, file, { name, edges })
    others.set(name, await count)
  }
  return { rows: await countLabelled(connection, scan), others }
}

function edgesOf(bins: Bins, name: string): readonly number[] {
  const edges = bins.edges[name]
  if (edges !== undefined) return edges
  throw new RefitError(
    'InvalidInput',
    `Cannot profile column "${name}": bins revision ${bins.revision} has no edges for it.`,
  )
}

async function countLabelled(connection: DuckDBConnection, scan: string) {
  const columns = await columnsOf(connection, scan)
  // Partitions call it `_label`, selections for training `label`, as 0 and 1.
  const selected = columns.has('label') ? 'CAST(label AS BOOLEAN)' : 'NULL::BOOLEAN'
  const label = columns.has('_label') ? '_label' : selected
  const time = columns.has('_time') ? '_time' : 'NULL::TIMESTAMP'
  const { known, positive, ...rows } = await countRows(connection, scan, { label, time })
  return { ...rows, label: { known, positive } }
}

async function countCategories(connection: DuckDBConnection, scan: string, name: string): Promise<CategoricalProfile> {
  const groups = await queryRows(
    connection,
    `SELECT value, rows, sum(rows) OVER () AS total FROM (
      SELECT CAST(${sqlName(name)} AS VARCHAR) AS value, count(*) AS rows FROM ${scan} GROUP BY value)
      ORDER BY value IS NULL DESC, rows DESC, value LIMIT ${MOST_CATEGORIES + 1}`,
    z.object({ value: z.string().nullable(), rows: Count, total: Count }),
  )
  const named = groups
    .flatMap(({ value, rows }) => (value === null ? [] : [[value, rows] as const]))
    .slice(0, MOST_CATEGORIES)
  const nulls = groups.find(({ value }) => value === null)?.rows ?? 0
  const counted = named.reduce((total, [, rows]) => total + rows, 0)
  return {
    kind: 'categorical',
    counts: Object.fromEntries(named),
    other: (groups[0]?.total ?? 0) - nulls - counted,
    nulls,
  }
}
