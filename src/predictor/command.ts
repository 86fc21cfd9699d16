/**
 * Scores with a program that stays open. It reads one JSON line a question, `{"id": 1, "rows": 2, "columns": {"age":
 * [31, null], "city": ["Kiel", null]}}`, and answers each with one line, `{"id": 1, "scores": [0.2, 0.7]}` or
 * `{"id": 1, "error": "…"}`. Missing values are `null`. Standard error, and other lines, are its log. It ends when its
 * standard input closes. `refit_trainer.serve` keeps this contract for Python.
 */
import { messageOf, RefitError } from '../errors.js'
import { programEnvironment } from '../program/program-environment.js'
import { startProgram } from '../program/start-program.js'
import { collectScores } from './collect-scores.js'
import { Conversation } from './command/conversation.js'
import { featureValues } from './feature-values.js'
import type { FeatureColumn } from './package.js'
import type { Batch, Predictor } from './predictor.js'

/** What a command predictor is opened from. */
export interface CommandPredictorOptions {
  /** Program and arguments; `{package}` in them stands for the folder. */
  readonly command: readonly string[]
  /** Folder with the files of the package; the program runs in it and must not change it. */
  readonly folder: string
  readonly features: readonly FeatureColumn[]
  /** Where PATH and the like are taken from; the program sees nothing else of it. */
  readonly env: NodeJS.ProcessEnv
  /** Longest wait for the scores of one part of a batch, the start of the program included. Default two minutes. */
  readonly timeoutMs?: number
}

/** Rows in one question: a line of about a megabyte, and a part of a second of work for most models. */
const ROWS_A_QUESTION = 8192
/** Loading a large model is slow, scoring is not. */
const TIMEOUT_MS = 120_000

/** Starts the program. Rejects with `PredictorFailed` when it cannot be started. */
export async function openCommandPredictor(options: CommandPredictorOptions): Promise<Predictor> {
  const name = options.command.join(' ')
  const program = await startProgram({
    command: options.command.map((part) => part.replaceAll('{package}', options.folder)),
    folder: options.folder,
    environment: programEnvironment(options.env, []),
  }).catch((thrown: unknown) => {
    const text = `Cannot score with \`${name}\`: ${messageOf(thrown)}.`
    throw new RefitError('PredictorFailed', text, { permanent: true, cause: thrown })
  })
  const conversation = new Conversation(program, name, options.timeoutMs ?? TIMEOUT_MS)
  return {
    predict: (batch) => predict(conversation, options, batch),
    close: () => conversation.close(),
  }
}

async function predict(
  conversation: Conversation,
  options: CommandPredictorOptions,
  batch: Batch,
): Promise<Float64Array> {
  const collected = collectScores(batch.rows, `\`${options.command.join(' ')}\``)
  for (let from = 0; from < batch.rows; from += ROWS_A_QUESTION) {
    const to = Math.min(from + ROWS_A_QUESTION, batch.rows)
    const columns = options.features.map((feature) => [feature.name, featureValues(batch, feature, from, to)] as const)
    const scores = await conversation.ask({ rows: to - from, columns: Object.fromEntries(columns) })
    collected.add(from, to - from, scores)
  }
  return collected.scores
}
