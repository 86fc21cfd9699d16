/** How failures leave the web side: a status, a sentence, and what to do. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { z } from 'zod'
import { messageOf, RefitError, type RefitErrorCode, unreachable } from '../errors.js'

/** Seconds after which a caller may try again: longer than a restart of Temporal's frontend takes. */
export const RETRY_AFTER_SECONDS = 10

/** The HTTP status of a failure: 503 asks the caller to come again, 4xx tells him not to. */
export function statusOf(failure: unknown): ContentfulStatusCode {
  if (failure instanceof HTTPException) return failure.status
  return failure instanceof RefitError ? statusOfCode(failure.code) : 500
}

function statusOfCode(code: RefitErrorCode): ContentfulStatusCode {
  switch (code) {
    case 'InvalidInput':
    case 'InvalidSpec':
      return 400
    case 'NotAllowed':
      return 403
    case 'NotFound':
      return 404
    case 'Conflict':
    case 'RowsErased':
      return 409
    case 'StoreUnavailable':
    case 'SourceUnavailable':
    case 'TemporalUnavailable':
      return 503
    case 'StoreCorrupt':
    case 'UnreadableSource':
    case 'TrainingFailed':
    case 'PredictorFailed':
    case 'Cancelled':
      return 500
    default:
      return unreachable(code)
  }
}

/** What a caller may read about a failure; that of a programming error stays here. */
export function sentenceOf(failure: unknown): string {
  const isMeantForPeople = failure instanceof RefitError || failure instanceof HTTPException
  return isMeantForPeople ? messageOf(failure) : 'Cannot answer: an unexpected failure, kept in the log of the server.'
}

/** A JSON answer with all problems at once. */
export function answerProblems(context: Context, status: ContentfulStatusCode, problems: readonly string[]): Response {
  if (status === 503) context.header('Retry-After', String(RETRY_AFTER_SECONDS))
  return context.json({ problems }, status)
}

/** A JSON answer to a failure. */
export const answerFailure = (context: Context, failure: unknown): Response =>
  answerProblems(context, statusOf(failure), [sentenceOf(failure)])

/** One sentence for each issue of a parse: path, expectation, and what was found. */
export function problemsOf(error: z.ZodError, input: unknown): readonly string[] {
  return error.issues.map((issue) => {
    const found = shorten(JSON.stringify(valueAt(input, issue.path)) ?? 'nothing')
    return `${pathText(issue.path) || 'body'}: ${expectation(issue.message)}, got ${found}`
  })
}

// zod's own sentences end in what it received; the value itself says more.
const expectation = (message: string): string =>
  message
    .replace(/^Invalid input: /, '')
    .replace(/, received .*$/, '')
    .replace(/^[A-Z]/, (first) => first.toLowerCase())

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}…` : text)

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  )
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  )
}
