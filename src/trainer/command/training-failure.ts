/** What the end of a program means for its training. */
import { RefitError } from '../../errors.js'
import type { ProgramEnd } from '../../program/start-program.js'

/** The program found its input bad, or itself: the next attempt would end the same way. */
const BAD_INPUT = 2
/** EX_TEMPFAIL of sysexits.h: something was missing that may be back later. */
const TEMPORARY = 75
/** What a shell answers for a program that it may not execute or does not find. */
const NOT_STARTED: readonly number[] = [126, 127]

/**
 * The failure that an end stands for, or none for exit code 0. Code 2 is permanent, and so are 126 and 127; code 75,
 * any other code, and a signal (nobody knows whose: memory, eviction) are passing.
 */
export function failureOf(end: ProgramEnd, program: string, tail: string): RefitError | undefined {
  if (end.kind === 'exit' && end.code === 0) return undefined
  const permanent = end.kind === 'exit' && (end.code === BAD_INPUT || NOT_STARTED.includes(end.code))
  const text = `Cannot train with \`${program}\`: ${meaningOf(end)}.${tail}`
  return new RefitError('TrainingFailed', text, { permanent })
}

function meaningOf(end: ProgramEnd): string {
  if (end.kind === 'signal') return `it was ended by ${end.signal} from outside; another attempt resumes`
  if (end.code === BAD_INPUT) return `it refused its input (exit code ${BAD_INPUT}), so another attempt is useless`
  if (end.code === TEMPORARY) return `it lacked something that may be back later (exit code ${TEMPORARY})`
  if (NOT_STARTED.includes(end.code)) return `a program that it needs could not be started (exit code ${end.code})`
  return `it failed with exit code ${end.code}; another attempt may help`
}

/** The training was ended because its caller no longer wants it. */
export const cancelled = (program: string): RefitError =>
  new RefitError('Cancelled', `Training with \`${program}\` was cancelled.`)

/** The training took longer than the spec allows. It is not repeated: it would take as long again. */
export function tookTooLong(program: string, timeoutMs: number, tail: string): RefitError {
  const reason = `it took longer than ${timeoutMs / 60_000} minutes`
  const wayOut = 'Raise trainer.timeoutMinutes, or train on fewer rows.'
  return new RefitError('TrainingFailed', `Cannot train with \`${program}\`: ${reason}. ${wayOut}${tail}`, {
    permanent: true,
  })
}
