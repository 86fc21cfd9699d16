import type { BatchSource, FormatKind } from '../../source/source.js'
import type { Compression } from './unpack-file.js'

/** How the bytes of a batch are read. */
export interface BatchFormat {
  readonly kind: FormatKind
  /** How they are packed; absent for plain bytes. */
  readonly compression?: Compression
}

const KINDS: Readonly<Record<string, FormatKind>> = {
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
  jsonl: 'json',
  ndjson: 'json',
  json: 'json',
}

const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd' }

/** Extensions that are read, for messages. */
export const EXTENSIONS = '.csv, .tsv, .parquet, .jsonl, .ndjson, .json, each also with .gz or .zst'

/** The format that the source states or a name promises; `undefined` when neither does. */
export function batchFormat({ path, format }: Pick<BatchSource, 'path' | 'format'>): BatchFormat | undefined {
  if (format !== undefined) return { kind: format }
  const [, ending = '', packed = ''] = /\.([a-z]+)(?:\.(gz|zst))?$/i.exec(path) ?? []
  const kind = KINDS[ending.toLowerCase()]
  const compression = COMPRESSIONS[packed.toLowerCase()]
  if (kind === undefined) return undefined
  return compression === undefined ? { kind } : { kind, compression }
}
