/** Which rows are in a dataset, read from its stored objects by what its log says. */
import { z } from 'zod'
import { commitsOf, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { withDuckDb } from '../../../src/data/engine/context.js'
import { queryRows } from '../../../src/data/engine/query.js'
import { messageOf } from '../../../src/errors.js'
import { type ObjectRef, objectFile } from '../../../src/storage/objects.js'
import type { View } from './lane.js'

/** Ids of rows, as often as they are there. */
export interface FoundRows {
  readonly kept: readonly number[]
  readonly quarantined: readonly number[]
  /** How many rows the commits name whose objects are not there, or have other bytes. */
  readonly absent: number
}

/** Reads the rows that the commits of a model name, and what is wrong with the commits themselves. */
export async function readRows(view: View, model: string): Promise<{ found: FoundRows; broken: readonly string[] }> {
  const kept: string[] = []
  const quarantined = new Map<number, string>()
  const broken: string[] = []
  let absent = 0
  const fileOf = async (ref: ObjectRef | undefined) => {
    if (ref === undefined) return undefined
    const file = await objectFile(view.storage, ref).catch(() => undefined)
    if (file === undefined) absent += ref.rows ?? 0
    return file
  }
  const arrivals = new Set<string>()
  try {
    for await (const commit of commitsOf(datasetLog(view.storage, model))) {
      const { seq, source, partition, quarantine, receipt, taken } = commit
      if (taken !== undefined) {
        // All rows were taken at once: none of them is any longer in the quarantine that they come from.
        if (!quarantined.delete(taken.of)) broken.push(`commit ${seq}: nothing of commit ${taken.of} was in quarantine`)
      } else if (arrivals.has(source.path)) broken.push(`commit ${seq}: ${source.path} was committed before`)
      arrivals.add(source.path)
      const keptFile = await fileOf(partition)
      const quarantineFile = await fileOf(quarantine)
      if (keptFile !== undefined) kept.push(keptFile)
      if (quarantineFile !== undefined && receipt.unreadable === undefined) quarantined.set(seq, quarantineFile)
    }
  } catch (thrown) {
    broken.push(`log: ${messageOf(thrown)}`)
  }
  const found = { kept: await idsIn(view, kept), quarantined: await idsIn(view, [...quarantined.values()]), absent }
  return { found, broken }
}

async function idsIn(view: View, files: readonly string[]): Promise<readonly number[]> {
  if (files.length === 0) return []
  // A file named twice is read twice: its rows are in two partitions.
  const sql = files.map((file) => `SELECT CAST(order_id AS INT) AS id FROM read_parquet('${file}')`).join(' UNION ALL ')
  return withDuckDb(view.data, { readable: files }, async ({ connection }) => {
    const rows = await queryRows(connection, sql, z.object({ id: z.number().nullable() }))
    return rows.flatMap(({ id }) => (id === null ? [] : [id]))
  })
}
