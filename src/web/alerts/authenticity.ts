/** Whether a message comes from whom it says: bearer tokens and signatures, compared in constant time. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** How old or how early a signed message may be: clocks differ, and what is older may be a replay. */
export const SIGNATURE_HOLDS_MS = 5 * 60_000

/** Whether an `Authorization` header carries the token. */
export function isBearer(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
  return given !== undefined && isSame(given, token)
}

/** A message as it was signed. */
export interface SignedMessage {
  /** Header `x-refit-timestamp`: seconds since 1970; empty when absent. */
  readonly timestamp: string
  /** Header `x-refit-signature`: `sha256=` and hexadecimal digits; empty when absent. */
  readonly signature: string
  readonly body: Uint8Array
}

/** The signature of a body: HMAC-SHA256 of `<timestamp>.<body>`, so that neither can be changed without the secret. */
export function sign(secret: string, timestamp: string, body: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`
}

/** What is wrong with a signed message, or `undefined` when it is authentic and fresh. */
export function findForgery(message: SignedMessage, secret: string, now: Date): string | undefined {
  const { timestamp, signature, body } = message
  if (signature === '')
    return 'x-refit-signature: expected "sha256=" and the HMAC-SHA256 of "<timestamp>.<body>", got nothing.'
  if (!/^\d{1,12}$/.test(timestamp)) {
    return `x-refit-timestamp: expected seconds since 1970, got ${timestamp === '' ? 'nothing' : JSON.stringify(timestamp)}.`
  }
  if (!isSame(signature.toLowerCase(), sign(secret, timestamp, body))) {
    return 'x-refit-signature: expected the HMAC-SHA256 of "<timestamp>.<body>" with the shared secret, got another one.'
  }
  const isFresh = Math.abs(now.getTime() - Number(timestamp) * 1000) <= SIGNATURE_HOLDS_MS
  return isFresh
    ? undefined
    : `x-refit-timestamp: expected a time within 5 minutes of ${now.toISOString()}, got ${timestamp}.`
}

// Digests have one length, so that the comparison tells nothing about the length of the secret either.
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
