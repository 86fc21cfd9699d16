/** Gate G0's facts: does the candidate load and answer, the same twice, alone as in a batch, and finite? */
import type { DataContext } from '../data/engine/context.js'
import { readBatches } from '../data/selection/read.js'
import type { ArtifactCheck } from '../decisions/judge-input.js'
import { messageOf, RefitError } from '../errors.js'
import type { Batch, ColumnValues } from '../predictor/predictor.js'
import type { Scorer } from './packages.js'

/** Rows that are asked twice and one by one. */
const PROBE_ROWS = 100
const ABSOLUTE = 1e-6
const RELATIVE = 1e-5

/** A passing failure, of an endpoint or a process, is tried again so often before it counts as the candidate's. */
const MOST_ATTEMPTS = 3

/** Probes a candidate with the first rows of a file. That it cannot answer is a fact about it, not an error. */
export async function checkArtifact(
  data: DataContext,
  candidate: Scorer,
  given: { readonly file: string; readonly maxSizeMb: number; readonly attempt: number },
): Promise<ArtifactCheck> {
  const { file, maxSizeMb, attempt } = given
  const sizeBytes = Object.values(candidate.pack.files).reduce((sum, { bytes }) => sum + bytes, 0)
  const size = { sizeBytes, maxSizeBytes: maxSizeMb * 1_000_000 }
  if (candidate.kind === 'rule') {
    return { ...size, loads: true, repeatable: true, batchEqualsSingle: true, notFinite: 0, detail: '' }
  }
  const { predictor, pack } = candidate
  try {
    const rows = await firstRows(data, file, pack.features)
    const once = await predictor.predict(rows)
    const twice = await predictor.predict(rows)
    const alone: number[] = []
    for (let i = 0; i < rows.rows; i++) alone.push((await predictor.predict(rowOf(rows, i)))[0] ?? Number.NaN)
    return {
      ...size,
      loads: true,
      repeatable: once.every((score, i) => isSame(score, twice[i])),
      batchEqualsSingle: once.every((score, i) => isSame(score, alone[i])),
      notFinite: once.filter((score) => !Number.isFinite(score)).length,
      detail: '',
    }
  } catch (thrown) {
    const isPassing = !(thrown instanceof RefitError) || !thrown.permanent
    if (isPassing && attempt < MOST_ATTEMPTS) throw thrown
    return {
      ...size,
      loads: false,
      repeatable: false,
      batchEqualsSingle: false,
      notFinite: 0,
      detail: messageOf(thrown),
    }
  }
}

async function firstRows(data: DataContext, file: string, features: Scorer['pack']['features']): Promise<Batch> {
  for await (const batch of readBatches(data, { files: [file], features, batchRows: PROBE_ROWS })) {
    return slice(batch, 0, Math.min(PROBE_ROWS, batch.rows))
  }
  return { rows: 0, columns: {} }
}

const rowOf = (batch: Batch, row: number): Batch => slice(batch, row, row + 1)

function slice({ columns }: Batch, from: number, to: number): Batch {
  const cut = Object.entries(columns).map(([name, column]) => [name, cutColumn(column, from, to)])
  return { rows: to - from, columns: Object.fromEntries(cut) }
}

function cutColumn(column: ColumnValues, from: number, to: number): ColumnValues {
  if (column.kind === 'numeric') return { kind: 'numeric', values: column.values.slice(from, to) }
  return { kind: 'categorical', values: column.values.slice(from, to) }
}

function isSame(a: number, b: number | undefined): boolean {
  if (b === undefined) return false
  return Object.is(a, b) || Math.abs(a - b) <= ABSOLUTE + RELATIVE * Math.abs(a)
}
