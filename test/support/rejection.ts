import assert from 'node:assert/strict'
import { RefitError, type RefitErrorCode } from '../../src/errors.js'

/** Asserts that a promise rejects with this code, and gives the error for what else is to be said about it. */
export async function rejection(promise: Promise<unknown>, code: RefitErrorCode): Promise<RefitError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (thrown: unknown) => thrown,
  )
  assert.ok(outcome instanceof RefitError, `expected a RefitError ${code}, got ${JSON.stringify(outcome)} ${outcome}`)
  assert.equal(outcome.code, code, outcome.message)
  return outcome
}
