/**
 * The rows of partitions as one relation, in the order of the log. A row is known by its position: `_file`, the place of its
 * commit among those that kept rows, and `_position`, its place in that commit, both from 0. Neither ever changes, whatever
 * the rows were rewritten to: so a compaction changes nothing that anybody reads, and other rows stay what they are when some
 * are erased.
 */
import { objectFile } from '../../storage/objects.js'
import type { Storage } from '../../storage/storage.js'
import type { DuckDb } from '../engine/context.js'
import { parquetColumns } from '../engine/query.js'
import { parquetScan } from '../engine/sql.js'
import { isPartial, type Partition } from './partition.js'

/**
 * SQL of a relation: the columns of the partitions, `_file` and `_position`. `files` are the local files of the partitions, in
 * the same order, one at least; the instance may read them.
 */
export function rowsOfPartitions(partitions: readonly Partition[], files: readonly string[]): string {
  const ordinals = partitions.map(({ pieces }) => pieces[0]?.ordinal ?? 0)
  const isPlain = partitions.every(({ isRewritten }) => !isRewritten)
  // Read from the file's own place where each file is one commit and none is missing.
  const ofFile = ordinals.every((ordinal, i) => ordinal === i)
    ? 'file_index'
    : `list_extract([${ordinals.join(', ')}], CAST(file_index AS BIGINT) + 1)`
  const scan = parquetScan(files)
  if (isPlain) return `(SELECT *, ${ofFile} AS _file, file_row_number AS _position FROM ${scan})`
  const file = `COALESCE(_file, ${ofFile})`
  const rows = `SELECT * EXCLUDE (_file, _position), ${file} AS _file, COALESCE(_position, file_row_number) AS _position
    FROM ${scan}`
  return partitions.some(isPartial) ? `(${rows} WHERE ${isMeant(partitions, file)})` : `(${rows})`
}

/** Ordinals as ranges, since they are many and mostly without gaps. */
function isMeant(partitions: readonly Partition[], file: string): string {
  const ordinals = partitions.flatMap(({ pieces }) => pieces.map(({ ordinal }) => ordinal)).sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const ordinal of ordinals) {
    const last = ranges.at(-1)
    if (last !== undefined && ordinal <= last[1] + 1) last[1] = ordinal
    else ranges.push([ordinal, ordinal])
  }
  return `(${ranges.map(([first, last]) => `${file} BETWEEN ${first} AND ${last}`).join(' OR ')})`
}

/** Local files of partitions, in the same order. One after the other, as years are many. */
export async function filesOfPartitions(
  storage: Storage,
  partitions: readonly Partition[],
): Promise<readonly string[]> {
  const files: string[] = []
  for (const { object } of partitions) files.push(await objectFile(storage, object))
  return files
}

/** Columns of a file of a partition that are its rows', by name; with their DuckDB types. */
export async function columnsOfPartition({ connection }: DuckDb, file: string): Promise<ReadonlyMap<string, string>> {
  const columns = await parquetColumns(connection, [file])
  return new Map([...columns].filter(([name]) => name !== '_file' && name !== '_position'))
}
