/**
 * How fast rows come in, and in how much memory.
 *
 * `csv`, `parquet`: rows per second of Refit (copy and digest, count apart from reading, rules, derived columns, label,
 * quarantine, profile, object with fsync, commit) by those of a bare DuckDB that copies the same file into a Parquet file with
 * the same columns, types and compression, with as many threads and as much memory; in turns, medians. The reference casts
 * as it reads and drops what it cannot cast: it checks nothing, keeps no broken row, and counts none.
 *
 * `csvByCpu`, `parquetByCpu`: the same by processor time of all threads, which says less but does not depend on who else wants
 * the cores.
 *
 * `csvByColumns`, `parquetByColumns`: the same against a reference that computes no derived column, label or event time.
 *
 * `rssGrowth`: peak memory of a process that ingests five times the rows of the others, by that of one with a tenth. Parquet.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type BenchLine, costOf, figureOf, type Measure, machine, measureOf, median } from './support/bench-line.js'
import { cpuMsSince, type Ingested, ingestOnce } from './support/ingest-once.js'
import { PAYMENT_TYPES, type PaymentFormat, withConnection, writePayments } from './support/payments.js'

const ROWS = 10_000_000
const ROUNDS = 3
const LEAST_SHARE = 0.7
const MOST_GROWTH = 1.1

/** The columns of a partition. */
const PARTITION = '*, hour(made) AS hour, ln(1 + amount) AS logAmount, fraud AS _label, made AS _time'

const SCANS: Readonly<Record<PaymentFormat, (path: string) => string>> = {
  parquet: (path) => `read_parquet('${path}')`,
  csv: (path) => `read_csv('${path}', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
    ignore_errors = true, columns = {${Object.entries(PAYMENT_TYPES).map(([name, type]) => `'${name}': '${type}'`)}})`,
}

/** Measures, and gives the line to print. An argument is another number of rows. */
export async function run([rows = String(ROWS)]: readonly string[] = []): Promise<BenchLine> {
  const folder = await mkdtemp(join(tmpdir(), 'refit-bench-'))
  try {
    await writePayments(folder, Number(rows), ['parquet', 'csv'])
    const measures = [
      ...(await compare(folder, Number(rows), 'csv')),
      ...(await compare(folder, Number(rows), 'parquet')),
      await measureGrowth(folder, Number(rows) / 10, Number(rows) * 5),
    ]
    return { name: 'ingest', seed: 0, machine: machine(), measures }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function compare(folder: string, rows: number, format: PaymentFormat): Promise<readonly Measure[]> {
  const file = join(folder, `${rows}.${format}`)
  const ours: Ingested[] = []
  const times: Record<'bare' | 'columns', Took[]> = { bare: [], columns: [] }
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await ingestOnce(file))
    times.bare.push(await copyBare(folder, SCANS[format](file), PARTITION))
    times.columns.push(await copyBare(folder, SCANS[format](file), '*'))
  }
  const rate = (took: readonly Took[], by: keyof Took = 'ms') => (1000 * rows) / median(took.map((one) => one[by]))
  const [mine, unit] = [rate(ours), 'rows/s']
  const steps = Object.keys(ours[0]?.steps ?? {})
  return [
    measureOf({ name: format, unit }, mine, rate(times.bare), LEAST_SHARE),
    measureOf({ name: `${format}ByCpu`, unit }, rate(ours, 'cpuMs'), rate(times.bare, 'cpuMs'), null),
    measureOf({ name: `${format}ByColumns`, unit }, mine, rate(times.columns), null),
    ...steps.map((step) =>
      figureOf({ name: `${format}: ${step}`, unit: 'ms' }, median(ours.map(({ steps: took }) => took[step] ?? 0))),
    ),
  ]
}

/** Milliseconds, of the clock and of all threads. */
type Took = Pick<Ingested, 'ms' | 'cpuMs'>

/** What the reference took. */
async function copyBare(folder: string, scan: string, columns: string): Promise<Took> {
  const to = join(folder, 'bare.parquet')
  let took: Took = { ms: 0, cpuMs: 0 }
  await withConnection(async (connection) => {
    const [startedMs, usage] = [performance.now(), process.cpuUsage()]
    await connection.run(`COPY (SELECT ${columns} FROM ${scan}) TO '${to}' (FORMAT parquet, COMPRESSION zstd)`)
    took = { ms: performance.now() - startedMs, cpuMs: cpuMsSince(usage) }
  })
  await rm(to)
  return took
}

async function measureGrowth(folder: string, few: number, many: number): Promise<Measure> {
  const peaks: number[] = []
  for (const rows of [few, many]) {
    const [name = ''] = await writePayments(folder, rows, ['parquet'])
    peaks.push(await peakOf(join(folder, name)))
    await rm(join(folder, name))
  }
  const [less = Number.NaN, more = Number.NaN] = peaks
  return costOf({ name: 'rssGrowth', unit: 'bytes' }, more, less, MOST_GROWTH)
}

/** Peak memory of a process that ingests the file, in bytes. */
async function peakOf(file: string): Promise<number> {
  const program = fileURLToPath(new URL('./support/ingest-once.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program, file])
  return Number(stdout)
}
