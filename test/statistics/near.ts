import assert from 'node:assert/strict'

/** Asserts that a number is within an absolute tolerance of what is expected. */
export function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `expected ${expected} ± ${tolerance}, got ${actual}`)
}
