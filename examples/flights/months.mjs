// Splits the flights of January to June 2001 into one Parquet file a month, as they would have arrived:
//   node months.mjs 2001-01 2001-02        writes landing/2001-01.parquet and landing/2001-02.parquet
//   node months.mjs 2001-03 --to elsewhere
import { existsSync, mkdirSync, realpathSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

/** Writes the flights of `month` (`2001-03`) to `<folder>/<month>.parquet` and gives its path and rows. */
export async function writeMonth(month, folder) {
  if (!/^2001-0[1-6]$/.test(month)) {
    throw new Error(`Cannot write month "${month}": expected 2001-01 to 2001-06, which the data set covers.`)
  }
  const { DuckDBInstance } = await import(pathToFileURL(entryOf('@duckdb/node-api')))
  const flights = flightsFile()
  const target = join(folder, `${month}.parquet`)
  // Written beside its name and renamed, so that nobody ingests half a month.
  const unfinished = join(folder, `.${month}.unfinished`)
  mkdirSync(folder, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    const rows = `FROM ${text(flights)} WHERE strftime(date, '%Y-%m') = ${text(month)}`
    const query = `SELECT date, delay, distance, origin, destination ${rows}`
    const copied = await connection.runAndReadAll(
      `COPY (${query}) TO ${text(unfinished)} (FORMAT parquet, COMPRESSION zstd)`,
    )
    renameSync(unfinished, target)
    return { path: target, rows: Number(copied.getRows()[0][0]) }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function flightsFile() {
  // The package exports its entry only; the data lie beside it.
  const file = join(dirname(dirname(entryOf('vega-datasets'))), 'data', 'flights-3m.parquet')
  if (existsSync(file)) return file
  throw new Error(
    `Cannot read "${file}": this version of vega-datasets does not hold it. Install it: npm install vega-datasets@3`,
  )
}

/** Entry file of a package, as the folder that this is run in sees it, else as this file does. */
function entryOf(name) {
  for (const from of [join(process.cwd(), 'months.mjs'), fileURLToPath(import.meta.url)]) {
    try {
      return createRequire(from).resolve(name)
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  throw new Error(`Cannot find the package "${name}" from ${process.cwd()}. Install it there: npm install ${name}`)
}

const text = (value) => `'${value.replaceAll("'", "''")}'`

async function main() {
  const { values, positionals } = parseArgs({
    options: { to: { type: 'string', default: 'landing' } },
    allowPositionals: true,
  })
  if (positionals.length === 0) throw new Error('Which months? For example: node months.mjs 2001-01 2001-02')
  for (const month of positionals) {
    const { path, rows } = await writeMonth(month, resolve(values.to))
    console.log(`${path}: ${rows} flights`)
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    console.error(error.message)
    process.exitCode = 2
  })
}
