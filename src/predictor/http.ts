/**
 * Scores with an HTTP endpoint that takes MLflow's `dataframe_split` JSON, such as the `/invocations` of `mlflow models
 * serve`. Nothing is retried here: the activity that scores is.
 */
import { z } from 'zod'
import { messageOf, RefitError } from '../errors.js'
import { collectScores } from './collect-scores.js'
import { featureValues } from './feature-values.js'
import { readText } from './http/read-text.js'
import type { FeatureColumn } from './package.js'
import type { Batch, Predictor } from './predictor.js'

/** What an HTTP predictor is opened from. */
export interface HttpPredictorOptions {
  readonly url: string
  /** Bearer token; never shown. */
  readonly token?: string | undefined
  readonly features: readonly FeatureColumn[]
  /** Longest wait for the scores of one part of a batch. Default 30 seconds. */
  readonly timeoutMs?: number
  /** Replaces `fetch`. */
  readonly fetch?: typeof fetch
}

/** Rows in one request: below the megabyte at which proxies begin to refuse bodies. */
const ROWS_A_REQUEST = 4096
/** Long for any model, short beside a run. */
const TIMEOUT_MS = 30_000
/** How much of an error answer is shown. */
const EXCERPT = 300

/** A score as endpoints write it: the number, the probabilities of both classes, or an object. */
const Score = z.union([
  z.number(),
  z.tuple([z.number(), z.number()]).transform(([, positive]) => positive),
  z.tuple([z.number()]).transform(([score]) => score),
  z.object({ score: z.number() }).transform(({ score }) => score),
])
const Answer = z.object({ predictions: z.array(Score) })

/** Makes the predictor. Nothing is asked before `predict` is called. */
export function openHttpPredictor(options: HttpPredictorOptions): Predictor {
  return { predict: (batch) => predict(options, batch), close: async () => {} }
}

async function predict(options: HttpPredictorOptions, batch: Batch): Promise<Float64Array> {
  const collected = collectScores(batch.rows, options.url)
  for (let from = 0; from < batch.rows; from += ROWS_A_REQUEST) {
    const to = Math.min(from + ROWS_A_REQUEST, batch.rows)
    const values = options.features.map((feature) => featureValues(batch, feature, from, to))
    const data = Array.from({ length: to - from }, (_, row) => values.map((column) => column[row] ?? null))
    const columns = options.features.map(({ name }) => name)
    collected.add(from, to - from, await ask(options, JSON.stringify({ dataframe_split: { columns, data } })))
  }
  return collected.scores
}

async function ask(options: HttpPredictorOptions, body: string): Promise<readonly number[]> {
  const { status, text } = await post(options, body)
  if (status !== 200) throw refused(options.url, status, text)
  const answer = Answer.safeParse(parseJson(text))
  if (answer.success) return answer.data.predictions
  const expected = 'expected {"predictions": […]} with a number, [p0, p1] or {"score": p} a row'
  throw failed(options.url, `${expected}, got ${text.slice(0, EXCERPT)}`, { permanent: true })
}

async function post(options: HttpPredictorOptions, body: string): Promise<{ status: number; text: string }> {
  const { url, token, timeoutMs = TIMEOUT_MS } = options
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  // A redirect would carry rows and token to an address that no operator allowed.
  const request = { method: 'POST', headers, body, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) } as const
  try {
    const response = await (options.fetch ?? fetch)(url, request)
    return { status: response.status, text: await readText(response) }
  } catch (thrown) {
    const isLate = thrown instanceof Error && thrown.name === 'TimeoutError'
    const reason = isLate ? `no answer within ${timeoutMs / 1000} seconds` : causeOf(thrown)
    throw failed(url, `${reason}. Check that the endpoint runs and can be reached from the worker`, { cause: thrown })
  }
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return cause === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${messageOf(cause)}`
}

function refused(url: string, status: number, text: string): RefitError {
  if (status === 401 || status === 403) {
    return failed(url, `the endpoint refused the token (HTTP ${status}). Check tokenEnv`, { permanent: true })
  }
  // Too many requests, timeouts and failures of the server pass; what the request did wrong does not.
  const permanent = status < 500 && status !== 429 && status !== 408
  return failed(url, `the endpoint answered HTTP ${status}: ${text.slice(0, EXCERPT)}`, { permanent })
}

function failed(url: string, reason: string, options: { permanent?: boolean; cause?: unknown }): RefitError {
  return new RefitError('PredictorFailed', `Cannot score with ${url}: ${reason}.`, options)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller says what was expected.
    return undefined
  }
}
