/** Real flights of January 2001 for tests: what they are trained on and what they are examined on. */
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { FeatureColumn } from '../../src/predictor/package.js'
import type { Batch } from '../../src/predictor/predictor.js'
import { packageFile } from '../support/example-file.js'

/** The features of a flight. */
export const FLIGHT_FEATURES: readonly FeatureColumn[] = [
  { name: 'hour', kind: 'numeric' },
  { name: 'minuteOfDay', kind: 'numeric' },
  { name: 'dayOfWeek', kind: 'numeric' },
  { name: 'distance', kind: 'numeric' },
  { name: 'origin', kind: 'categorical' },
  { name: 'destination', kind: 'categorical' },
]

/** Files to train on, and rows of later days with their labels. */
export interface Flights {
  readonly trainingFile: string
  readonly validationFile: string
  readonly holdout: Batch
  readonly labels: Float64Array
}

const FIELDS = `hour(date)::BIGINT AS "hour", (hour(date) * 60 + minute(date))::BIGINT AS minuteOfDay,
  dayofweek(date)::BIGINT AS dayOfWeek, distance, origin, destination, (delay > 15)::INTEGER AS label, 1.0::DOUBLE AS weight`

/** Writes flights of the first three weeks of January into a folder and reads some of the fourth: always the same ones. */
export async function prepareFlights(folder: string, trainingRows: number, holdoutRows: number): Promise<Flights> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  const source = packageFile('node_modules/vega-datasets/data/flights-3m.parquet')
  // In the order of a hash: a sample that does not depend on the order of the file.
  await connection.run(`CREATE TABLE flights AS
    SELECT ${FIELDS}, date, row_number() OVER (ORDER BY hash(date, delay, distance, origin, destination)) AS position
    FROM '${source}' WHERE date < TIMESTAMP '2001-01-29'`)
  const early = `FROM flights WHERE date < TIMESTAMP '2001-01-22' ORDER BY position`
  const [trainingFile, validationFile] = [join(folder, 'training.parquet'), join(folder, 'validation.parquet')]
  const validationRows = Math.ceil(trainingRows / 10)
  await writeRows(connection, `${early} LIMIT ${trainingRows}`, trainingFile)
  await writeRows(connection, `${early} LIMIT ${validationRows} OFFSET ${trainingRows}`, validationFile)
  const late = `FROM flights WHERE date >= TIMESTAMP '2001-01-22' ORDER BY position LIMIT ${holdoutRows}`
  const flights = { trainingFile, validationFile, ...(await readHoldout(connection, late)) }
  connection.closeSync()
  return flights
}

async function writeRows(connection: DuckDBConnection, rows: string, file: string): Promise<void> {
  await connection.run(`COPY (SELECT * EXCLUDE (date, position) ${rows}) TO '${file}' (FORMAT parquet)`)
}

async function readHoldout(
  connection: DuckDBConnection,
  rows: string,
): Promise<{ readonly holdout: Batch; readonly labels: Float64Array }> {
  const columns = (await connection.runAndReadAll(`SELECT * ${rows}`)).getColumnsObject()
  const numbers = (name: string): Float64Array => Float64Array.from(columns[name] ?? [], Number)
  const labels = numbers('label')
  const features = FLIGHT_FEATURES.map(({ name, kind }) => {
    if (kind === 'numeric') return [name, { kind, values: numbers(name) }] as const
    return [name, { kind, values: (columns[name] ?? []).map(String) }] as const
  })
  return { holdout: { rows: labels.length, columns: Object.fromEntries(features) }, labels }
}
