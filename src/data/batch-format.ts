/** The formats that a batch can have. */
export type FormatKind = 'csv' | 'json' | 'parquet'

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

/** The format that a file's name promises; `undefined` when it promises none. */
export function batchFormat(path: string): BatchFormat | undefined {
  const match = /\.([a-z]+)(\.gz)?$/i.exec(path)
  const kind = KINDS[match?.[1]?.toLowerCase() ?? '']
  return kind === undefined ? undefined : { kind, isGzipped: match?.[2] !== undefined }
}
