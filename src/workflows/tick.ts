import { workflowInfo } from '@temporalio/workflow'
import { z } from 'zod'
import { type Ruling, TRIGGERS } from './messages.js'
import { parseInput } from './parse-input.js'
import { quick } from './steps.js'

const TickInput = z.strictObject({
  model: z.string().min(1).describe('name of the model'),
  trigger: z.enum(TRIGGERS).default('schedule'),
})

/** What a Schedule starts: it hands the trigger to the steward and ends with the ruling. */
export async function tick(input: unknown): Promise<Ruling> {
  const { model, trigger } = parseInput(TickInput, input, 'tick')
  const { firstExecutionRunId: id } = workflowInfo()
  return quick.admit({
    model,
    request: { id, trigger, reason: 'its schedule', actor: 'schedule', count: 1, input: {} },
  })
}
