/** What the user names: an address or a program. */
import { RefitError } from '../../errors.js'
import { inspectBinary } from '../binary.js'
import { absent, type StepContext, type StepResult } from '../step.js'

/** A server that runs already, by `TEMPORAL_ADDRESS`. Whether it answers is found out by whoever connects. */
export async function configuredAddress({ env }: StepContext): Promise<StepResult> {
  const address = env.TEMPORAL_ADDRESS
  return address ? { kind: 'address', address } : absent('TEMPORAL_ADDRESS is not set')
}

/** A program by `TEMPORAL_CLI_PATH`. What was asked for and cannot be used is an error, never passed over in silence. */
export async function configuredProgram({ env, signal }: StepContext): Promise<StepResult> {
  const path = env.TEMPORAL_CLI_PATH
  if (!path) return absent('TEMPORAL_CLI_PATH is not set')
  const found = await inspectBinary(path, env, signal)
  if (found.kind !== 'absent') return found
  throw new RefitError(
    'InvalidInput',
    `Cannot use the Temporal program that TEMPORAL_CLI_PATH names: ${found.reason}. Correct the variable or unset it.`,
  )
}
