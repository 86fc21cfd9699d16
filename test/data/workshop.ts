/** What the tests of this room share: a dataset in temp folders, a spec, files, and tables read back. */
import assert from 'node:assert/strict'
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import type { DataContext } from '../../src/data/engine/context.js'
import { type IngestedBatch, ingestBatch } from '../../src/data/ingestion/ingest.js'
import { createFilesSource } from '../../src/source/files.js'
import type { BatchSource, Source } from '../../src/source/source.js'
import { ModelSpec } from '../../src/spec/spec.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** Three million real flights, January to June 2001. */
export const FLIGHTS = join(process.cwd(), 'node_modules/vega-datasets/data/flights-3m.parquet')

/** The parts of a spec that matter here; all else is filled in. */
export function flightsSpec(data: Record<string, unknown> = {}, rest: Record<string, unknown> = {}): ModelSpec {
  return ModelSpec.parse({
    model: 'flights',
    goal: { description: 'tell passengers of a late flight', metric: 'auc' },
    baseline: { kind: 'rule', score: 'CASE WHEN distance > 1000 THEN 0.6 ELSE 0.4 END' },
    data: {
      source: { kind: 'files', glob: 'in/*' },
      columns: {
        date: { type: 'timestamp' },
        delay: { type: 'integer', nullable: true },
        distance: { type: 'integer', min: 0, max: 6000 },
        origin: { type: 'string', pattern: '[A-Z]{3}' },
        destination: { type: 'string', pattern: '[A-Z]{3}' },
      },
      derived: { hour: { type: 'integer', sql: 'hour(date)' }, far: { type: 'boolean', sql: 'distance > 1000' } },
      eventTime: 'date',
      features: ['distance', 'hour', 'far', 'origin', 'destination'],
      label: { sql: 'delay > 15', delayDays: 1 },
      // Dirty files are what most tests are about: only those of the data gate let it stop them.
      maxQuarantineShare: 1,
      ...data,
    },
    ...rest,
  })
}

/** A dataset of its own, with the folder of the spec. */
export interface Workshop {
  readonly context: DataContext
  readonly folder: string
  /** Files below the folder. */
  readonly files: Source
  /** Writes a file below the folder and tells how it is found. */
  put(path: string, body: string | Uint8Array): Promise<BatchSource>
  /** How a file below the folder is found. */
  find(path: string): Promise<BatchSource>
  ingest(spec: ModelSpec, source: BatchSource): Promise<IngestedBatch>
  /** Bytes of an object. */
  object(uri: string): Promise<Buffer>
}

/** Opens a workshop that is removed when the test ends. */
export async function openWorkshop(t: TestContext): Promise<Workshop> {
  const root = await temporaryFolder(t)
  const folder = join(root, 'spec')
  const context = { storage: await createLocalStorage(join(root, 'store')), scratchFolder: join(root, 'scratch') }
  await mkdir(join(folder, 'in'), { recursive: true })
  const find = async (path: string) => {
    const { size, mtime } = await stat(join(folder, path))
    return { path, bytes: size, modifiedAt: mtime.toISOString() }
  }
  const files = createFilesSource({ glob: 'in/*', folder })
  return {
    context,
    folder,
    files,
    find,
    async put(path, body) {
      await writeFile(join(folder, path), body)
      return find(path)
    },
    async ingest(spec, source) {
      const ingested = await ingestBatch(context, { spec, specRevision: 1, from: files, source, actor: 'test' })
      return ingested ?? assert.fail('a file is never nothing after all')
    },
    object: async (uri) => readFile(await context.storage.toLocalFile(uri)),
  }
}

/** Changes nothing but the modification time. */
export async function touch(path: string, time: Date): Promise<void> {
  await utimes(path, time, time)
}

/** Rows of a query, apart from the code under test: values as JSON, numbers as strings where they may be large. */
export async function query(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Rows of a stored Parquet object. */
export async function table(workshop: Workshop, uri: string): Promise<Record<string, unknown>[]> {
  return query(`SELECT * FROM read_parquet('${await workshop.context.storage.toLocalFile(uri)}')`)
}

/** Ingests real flights whose time is in the range, as one Parquet batch. */
export async function ingestFlights(workshop: Workshop, spec: ModelSpec, { from, to, every }: FlightRange) {
  const name = `in/${from}.parquet`
  await query(`COPY (SELECT * FROM (SELECT *, row_number() OVER () AS n FROM read_parquet('${FLIGHTS}')
    WHERE date >= '${from}' AND date < '${to}') WHERE n % ${every} = 0) TO '${join(workshop.folder, name)}' (FORMAT parquet)`)
  return workshop.ingest(spec, await workshop.find(name))
}

/** Days from and to (exclusive), and of how many flights one is taken. */
export interface FlightRange {
  readonly from: string
  readonly to: string
  readonly every: number
}
