/** Rows in, scores out: several models on the very same rows, so that they can be compared in pairs. */

import type { Partition } from '../data/dataset/partition.js'
import type { DataContext } from '../data/engine/context.js'
import { readBatches } from '../data/selection/read.js'
import { RefitError } from '../errors.js'
import type { FeatureColumn } from '../predictor/package.js'
import type { Batch } from '../predictor/predictor.js'
import type { Scorer } from './packages.js'

/** Scores and labels, row by row in the order of the files. */
export interface ScoredRows {
  readonly rows: number
  /** 1, 0, or NaN while the label is unknown. */
  readonly labels: Float64Array
  /** Scores by name of the scorer. */
  readonly scores: Readonly<Record<string, Float64Array>>
}

/** Name of the column in which the label travels. */
const LABEL = '_label_value'

/**
 * Scores rows of Parquet files by all scorers in one pass: all of them, or the first `atMost`. `label` is a SQL expression that
 * gives 1, 0 or NULL.
 */
export async function scoreRows(
  data: DataContext,
  input: {
    readonly files: readonly string[]
    /** The partitions that the files are, where only the rows of some commits may be meant. */
    readonly partitions?: readonly Partition[] | undefined
    readonly label: string
    readonly scorers: Readonly<Record<string, Scorer>>
    readonly atMost?: number
    readonly signal?: AbortSignal
    readonly progress?: (rows: number) => void
  },
): Promise<ScoredRows> {
  const scorers = Object.entries(input.scorers)
  const rules = scorers.flatMap(([name, scorer]) => (scorer.kind === 'rule' ? [[ruleColumn(name), scorer.score]] : []))
  const chunks = new Map<string, Float64Array[]>([LABEL, ...scorers.map(([name]) => name)].map((name) => [name, []]))
  let rows = 0
  const batches = readBatches(data, {
    files: input.files,
    partitions: input.partitions,
    features: featuresOf(scorers.map(([, scorer]) => scorer)),
    expressions: { [LABEL]: input.label, ...Object.fromEntries(rules) },
    ...(input.atMost === undefined ? {} : { batchRows: input.atMost }),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
  })
  for await (const batch of batches) {
    chunks.get(LABEL)?.push(numbers(batch, LABEL))
    for (const [name, scorer] of scorers) chunks.get(name)?.push(await scoresOf(scorer, name, batch))
    rows += batch.rows
    input.progress?.(rows)
    if (rows === input.atMost) break
  }
  const joined = (name: string) => concatenate(chunks.get(name) ?? [], rows)
  return { rows, labels: joined(LABEL), scores: Object.fromEntries(scorers.map(([name]) => [name, joined(name)])) }
}

const ruleColumn = (name: string) => `_rule_${name}`

async function scoresOf(scorer: Scorer, name: string, batch: Batch): Promise<Float64Array> {
  return scorer.kind === 'rule' ? numbers(batch, ruleColumn(name)) : scorer.predictor.predict(batch)
}

/** Every feature that any scorer wants, once. */
function featuresOf(scorers: readonly Scorer[]): readonly FeatureColumn[] {
  const wanted = scorers.flatMap((scorer) => (scorer.kind === 'rule' ? [] : scorer.pack.features))
  return [...new Map(wanted.map((feature) => [feature.name, feature])).values()]
}

function numbers(batch: Batch, name: string): Float64Array {
  const column = batch.columns[name]
  if (column?.kind === 'numeric') return column.values
  throw new RefitError('PredictorFailed', `Cannot score: column "${name}" is missing among the rows that were read.`)
}

function concatenate(parts: readonly Float64Array[], length: number): Float64Array {
  const whole = new Float64Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
