import { ApplicationFailure } from '@temporalio/common'
import { z } from 'zod'

/**
 * Parses what a workflow was started with, or fails the workflow at once with every problem. A `ZodError` would not
 * fail it: Temporal would retry the task forever while the run looks alive.
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, workflow: string): z.infer<S> {
  const parsed = schema.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  throw ApplicationFailure.create({
    type: 'InvalidInput',
    nonRetryable: true,
    message: `Invalid input for ${workflow}:\n${z.prettifyError(parsed.error)}`,
    details: [parsed.error.issues],
  })
}

/** The validator of an update: rejects it with every problem, before anything enters history. Must stay synchronous. */
export function validates<S extends z.ZodType>(schema: S, update: string): (input: unknown) => void {
  return (input) => {
    parseInput(schema, input, update)
  }
}
