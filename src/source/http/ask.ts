/**
 * Asks an API for a page. What passes by itself is tried again a few times, as long after as the server says; what stays
 * is for the caller, who waits longer.
 */
import { setTimeout as wait } from 'node:timers/promises'
import pRetry from 'p-retry'
import { messageOf, RefitError } from '../../errors.js'
import { readBody } from './read-body.js'

/** How an API is asked. */
export interface AskOptions {
  /** Sent with each request, but never to another origin than that of the address. */
  readonly headers: Readonly<Record<string, string>>
  /** Name of the variable with the bearer token, for messages. */
  readonly tokenEnv?: string | undefined
  /** Rejects an address that must not be asked. */
  readonly checkAddress: (address: string) => void
  /** Longest time for one page, from the request to the last byte. */
  readonly timeoutMs: number
  /** Shortest pause before the second attempt; it doubles with each. */
  readonly pauseMs: number
  readonly signal?: AbortSignal | undefined
}

/** A page as it was answered. */
export interface Answer {
  readonly status: 200 | 204
  /** Where it came from in the end: what a relative address in it is relative to. */
  readonly url: string
  readonly headers: Headers
  readonly body: Buffer
}

/** After these, a caller that lives longer than a call goes on trying. */
const RETRIES = 3
/** A server that wants more is not waited for here: the worker has other work. */
const LONGEST_WAIT_MS = 120_000
/** As many as browsers follow within one site, and a circle ends. */
const MOST_REDIRECTS = 5
/** A page from a cache may lack records that were taken from a fresher one. */
const FRESH = { 'cache-control': 'no-cache' }
/** How much of an error answer is shown. */
const EXCERPT = 300

/** What may pass by itself. */
class Passing extends Error {
  constructor(
    reason: string,
    readonly waitMs: number,
    cause?: unknown,
  ) {
    super(reason, { cause })
  }
}

/**
 * Asks for a page; `undefined` when it has the entity tag still. Rejects with `SourceUnavailable` when no answer can be had
 * now or the token is refused, with `InvalidInput` when the API refuses the request for good, with `NotAllowed` when a
 * redirect leads where the operator allows nothing.
 */
export async function ask(
  address: string,
  options: AskOptions & { etag?: string | undefined },
): Promise<Answer | undefined> {
  const { pauseMs, signal } = options
  try {
    return await pRetry(() => askOnce(address, options), {
      retries: RETRIES,
      minTimeout: pauseMs,
      randomize: true,
      ...(signal === undefined ? {} : { signal }),
      shouldRetry: ({ error }) => error instanceof Passing && error.waitMs <= LONGEST_WAIT_MS,
      async onFailedAttempt({ error, retriesLeft }) {
        if (!(error instanceof Passing) || retriesLeft === 0 || error.waitMs > LONGEST_WAIT_MS) return
        await wait(error.waitMs, undefined, { signal })
      },
    })
  } catch (thrown) {
    if (!(thrown instanceof Passing)) throw thrown
    throw failed(
      'SourceUnavailable',
      address,
      `${thrown.message}. Check that the API runs and the worker reaches it`,
      thrown,
    )
  }
}

async function askOnce(
  address: string,
  options: AskOptions & { etag?: string | undefined },
): Promise<Answer | undefined> {
  const { signal, timeoutMs } = options
  const late = AbortSignal.timeout(timeoutMs)
  const either = signal === undefined ? late : AbortSignal.any([signal, late])
  try {
    const response = await follow(address, options, either)
    const { status, headers } = response
    const body = await readBody(response, address)
    if (status === 304 && options.etag !== undefined) return undefined
    if (status === 200 || status === 204) return { status, url: response.url, headers, body }
    throw refusal(address, response, { ...options, body })
  } catch (thrown) {
    if (thrown instanceof RefitError || thrown instanceof Passing || signal?.aborted) throw thrown
    const reason = late.aborted ? `no answer within ${timeoutMs / 1000} seconds` : causeOf(thrown)
    throw new Passing(reason, 0, thrown)
  }
}

/** Follows redirects by hand: each address is checked, and no other origin learns what the headers hold. */
async function follow(
  address: string,
  { headers, etag, checkAddress }: AskOptions & { etag?: string | undefined },
  signal: AbortSignal,
): Promise<Response> {
  const { origin } = new URL(address)
  let url = address
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    checkAddress(url)
    const own = new URL(url).origin === origin ? headers : {}
    const conditional = etag === undefined ? {} : { 'if-none-match': etag }
    const response = await fetch(url, { headers: { ...FRESH, ...own, ...conditional }, redirect: 'manual', signal })
    const location = response.headers.get('location')
    const isRedirect = response.status >= 301 && response.status <= 308 && response.status !== 304
    if (!isRedirect || location === null) return response
    await response.body?.cancel()
    url = new URL(location, url).href
  }
  throw failed('InvalidInput', address, `it is redirected more than ${MOST_REDIRECTS} times. Correct data.source.url`)
}

function refusal(
  address: string,
  { status, headers }: Response,
  { tokenEnv, body, headers: sent }: AskOptions & { readonly body: Buffer },
): Error {
  if (status === 401 || status === 403) {
    const wayOut =
      tokenEnv === undefined
        ? 'Name the variable that holds its token in data.source.tokenEnv'
        : `Check the token in ${tokenEnv} (data.source.tokenEnv)`
    return failed('SourceUnavailable', address, `the API refused the worker (HTTP ${status}). ${wayOut}`)
  }
  // An answer may repeat what was sent.
  const secret = sent.authorization
  const said = body.toString().slice(0, EXCERPT)
  const reason = `the API answered HTTP ${status}: ${secret === undefined ? said : said.replaceAll(secret, '…')}`
  if (status >= 500 || status === 429 || status === 408) return new Passing(reason, waitOf(headers.get('retry-after')))
  return failed('InvalidInput', address, `${reason}. Check url and paging of data.source`)
}

/** What Retry-After asks for, in milliseconds: seconds or a date. */
function waitOf(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000
  const date = Date.parse(retryAfter)
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now())
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return cause === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${messageOf(cause)}`
}

function failed(
  code: 'SourceUnavailable' | 'InvalidInput',
  address: string,
  reason: string,
  cause?: unknown,
): RefitError {
  return new RefitError(code, `Cannot read page ${address}: ${reason}.`, { cause })
}
