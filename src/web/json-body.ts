import type { z } from 'zod'
import { problemsOf } from './problem-answer.js'

/** A body that was read: its value, or all that is wrong with it. */
export type ParsedBody<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Parses a JSON body by a schema; every problem is found at once. */
export function parseJsonBody<S extends z.ZodType>(text: string, schema: S): ParsedBody<z.infer<S>> {
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch (thrown) {
    return { ok: false, problems: [`body: expected JSON, ${thrown instanceof Error ? thrown.message : thrown}`] }
  }
  const parsed = schema.safeParse(input)
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, problems: problemsOf(parsed.error, input) }
}
