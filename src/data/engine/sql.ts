/** Quoting: the only ways in which a name, a text or a number enters an SQL statement. */

/** A quoted identifier. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A list literal of expressions. */
export const sqlList = (expressions: readonly string[]): string => `[${expressions.join(', ')}]`

/** A DOUBLE literal: all digits, infinite values included. */
export const sqlNumber = (value: number): string => `CAST(${sqlText(String(value))} AS DOUBLE)`

/** An ISO 8601 time as a TIMESTAMP in UTC; a time without zone is UTC. */
export const sqlTime = (iso: string): string => `CAST(CAST(${sqlText(iso)} AS TIMESTAMPTZ) AS TIMESTAMP)`

/** A number of days, also a fraction, as an INTERVAL. */
export const sqlDays = (days: number): string => `to_microseconds(${Math.round(days * 86_400_000_000)})`

/** A TIMESTAMP as ISO 8601 in UTC: milliseconds, or microseconds where a row has them, as a bound must not lose its row. */
export const isoTime = (time: string): string =>
  `CASE WHEN microsecond(${time}) % 1000 = 0 THEN strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ') ` +
  `ELSE strftime(${time}, '%Y-%m-%dT%H:%M:%S.%fZ') END`

/** A scan of Parquet files in the given order; a column that a file lacks is NULL there. */
export const parquetScan = (files: readonly string[]): string =>
  `read_parquet(${sqlList(files.map(sqlText))}, union_by_name = true)`

/**
 * How partitions and quarantined rows are written. Of the second version are only the encodings: differences of whole numbers
 * and times, bytes of numbers by their place. Against those of the first, they take two thirds of the time and four fifths of
 * the space. A column with more values than the limit in a row group is not worth a dictionary, and finding that out late costs a
 * sixth of the time.
 */
export const PARTITION_FORMAT = 'FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 8192'
