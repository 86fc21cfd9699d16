import { join } from 'node:path'
import { isRefitError } from '../../errors.js'
import type { BatchSource, Source } from '../../source/source.js'
import type { ModelSpec } from '../../spec/spec.js'
import { type EngineContext, withDuckDb } from '../engine/context.js'
import { batchFormat, EXTENSIONS } from '../format/batch-format.js'
import { type JudgedRows, validateFile } from '../ingestion/validate-file.js'

/** What the files of a source hold, judged by the spec: for a person who writes one. Nothing is stored. */
export interface SourceMeasure {
  /** Files that match, and how many of them were read: all, or an even sample of about 256 MiB. */
  readonly files: number
  readonly filesRead: number
  readonly rows: number
  /** Kept rows whose label is known, and those of the positive class. */
  readonly labelled: number
  readonly positives: number
  /** Event times of the first and last kept row, ISO 8601. */
  readonly from: string | null
  readonly to: string | null
  readonly quarantineShare: number
  readonly reasons: Readonly<Record<string, number>>
  /** Files that cannot be read at all: path and reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[]
}

/** Batches that are named: beyond, a count says no more. */
const MOST_BATCHES = 100_000
/** Reading more tells little more, and a person waits. */
const SAMPLE_BYTES = 256 * 2 ** 20

/** Reads what the source of a spec has as ingestion would. Rejects as the source does. */
export async function measureSource(context: EngineContext, spec: ModelSpec, from: Source): Promise<SourceMeasure> {
  const { batches: sources } = await from.find({ has: () => false, cursor: () => '' }, { limit: MOST_BATCHES })
  const sample = takeEvenly(sources)
  const read: JudgedRows[] = []
  const unreadable: { path: string; reason: string }[] = []
  for (const source of sample) {
    const result = await readSource(context, spec, from, source)
    if (typeof result === 'string') unreadable.push({ path: source.path, reason: result })
    else read.push(result)
  }
  return { files: sources.length, filesRead: sample.length, ...addUp(read), unreadable }
}

/** All sources, or every n-th when they are large. */
function takeEvenly(sources: readonly BatchSource[]): readonly BatchSource[] {
  const bytes = sources.reduce((total, source) => total + source.bytes, 0)
  const step = Math.max(1, Math.ceil(bytes / SAMPLE_BYTES))
  return sources.filter((_, index) => index % step === 0)
}

/** What a file holds, or why it cannot be read. */
async function readSource(
  context: EngineContext,
  spec: ModelSpec,
  from: Source,
  source: BatchSource,
): Promise<JudgedRows | string> {
  const format = batchFormat(source)
  if (format === undefined) return `its name has none of the known endings: ${EXTENSIONS}`
  try {
    return await withDuckDb(context, { readable: [] }, async (duckDb) => {
      const path = join(duckDb.folder, 'source')
      await from.fetch(source, path)
      return validateFile(duckDb, { spec, path, format })
    })
  } catch (thrown) {
    if (isRefitError(thrown, 'UnreadableSource')) return thrown.message
    throw thrown
  }
}

function addUp(files: readonly JudgedRows[]) {
  const sum = (part: 'rowsIn' | 'broken' | 'labelled' | 'positives') =>
    files.reduce((total, file) => total + file[part], 0)
  const reasons: Record<string, number> = {}
  for (const [reason, rows] of files.flatMap((file) => Object.entries(file.reasons))) {
    reasons[reason] = (reasons[reason] ?? 0) + rows
  }
  const times = (end: 'from' | 'to') => files.flatMap((file) => file[end] ?? []).sort()
  return {
    rows: sum('rowsIn'),
    labelled: sum('labelled'),
    positives: sum('positives'),
    from: times('from')[0] ?? null,
    to: times('to').at(-1) ?? null,
    quarantineShare: sum('rowsIn') === 0 ? 0 : sum('broken') / sum('rowsIn'),
    reasons,
  }
}
