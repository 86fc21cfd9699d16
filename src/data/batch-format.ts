import type { BatchSource, FormatKind } from '../source/source.js'

/** How the bytes of a batch are read. */
export interface BatchFormat {
  readonly kind: FormatKind
  readonly isGzipped: boolean
}

const KINDS: Readonly<Record<string, FormatKind>> = {
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
  jsonl: 'json',
  ndjson: 'json',
  json: 'json',
}

/** Extensions that are read, for messages. */
export const EXTENSIONS = '.csv, .tsv, .parquet, .jsonl, .ndjson, .json, each also with .gz'

/** The format that the source states or a name promises; `undefined` when neither does. */
export function batchFormat({ path, format }: Pick<BatchSource, 'path' | 'format'>): BatchFormat | undefined {
  const match = /\.([a-z]+)(\.gz)?$/i.exec(path)
  const kind = format ?? KINDS[match?.[1]?.toLowerCase() ?? '']
  return kind === undefined ? undefined : { kind, isGzipped: format === undefined && match?.[2] !== undefined }
}
