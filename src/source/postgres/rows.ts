import { z } from 'zod'
import type { Relation } from './relation.js'
import type { Transaction } from './session.js'

/** A range of keys, as text: the first exclusive, empty for the beginning; the last inclusive. */
export interface KeyRange {
  readonly after: string
  readonly upTo: string
}

/** Rows that are asked for at first, and at most: the server sends as many before one can object. */
const FIRST_ROWS = 100
const MOST_ROWS = 2_000
/** What one answer is aimed to have: enough that the way there and back does not matter. */
const AIM_BYTES = 4 * 1024 * 1024

const Line = z.object({ line: z.string() })

/** The rows of a range as JSON lines that the server makes, in the order of the key; some at a time, so memory stays flat. */
export async function* jsonLines(
  transaction: Transaction,
  { sql, key, keyType, columns }: Relation,
  { after, upTo }: KeyRange,
): AsyncGenerator<Buffer, void, undefined> {
  const rows = `SELECT ${columns.join(', ')} FROM ${sql}
    WHERE ($1::${keyType} IS NULL OR ${key} > $1::${keyType}) AND ${key} <= $2::${keyType} ORDER BY ${key}`
  await transaction.rows(
    z.unknown(),
    `DECLARE batch NO SCROLL CURSOR FOR SELECT row_to_json("_row")::text AS line FROM (${rows}) AS "_row"`,
    [after === '' ? null : after, upTo],
  )
  let count = FIRST_ROWS
  for (;;) {
    const lines = await transaction.rows(Line, `FETCH FORWARD ${count} FROM batch`)
    if (lines.length === 0) return
    const bytes = Buffer.from(lines.map(({ line }) => `${line}\n`).join(''))
    yield bytes
    count = Math.min(MOST_ROWS, Math.max(1, Math.floor((AIM_BYTES / bytes.length) * lines.length)))
  }
}
