import { readLines } from '../../program/read-lines.js'
import type { Program, ProgramEnd } from '../../program/start-program.js'
import type { TrainingHooks, TrainingJob } from '../trainer.js'
import { type CheckpointQueue, createCheckpointQueue } from './checkpoint-queue.js'
import type { ProgramLog } from './program-log.js'
import { readProgramMessage } from './program-message.js'
import { cancelled, tookTooLong } from './training-failure.js'

/** One training under way. */
export interface Training {
  /** The command as a person wrote it, for messages. */
  readonly name: string
  readonly job: TrainingJob
  readonly hooks: TrainingHooks
  readonly log: ProgramLog
  /** Takes secrets out of what the program says: it is logged, and progress is kept in history. */
  readonly hide: (text: string) => string
  readonly timeoutMs: number | undefined
}

/** A line of a log; what is longer is no line that anybody reads. */
const MAX_LINE = 64 * 1024
/** The longest time that a timer can wait, 24.8 days. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Stays with a program to its end, or ends it: cancelled, out of time, or with a checkpoint that could not be saved.
 * However it settles, no process is left.
 */
export async function followProgram(program: Program, training: Training): Promise<ProgramEnd> {
  const stop = new AbortController()
  const interrupted = interruption(stop.signal)
  const checkpoints = createCheckpointQueue(
    training.job.checkpointFolder,
    (file) => training.hooks.checkpoint(file),
    (thrown) => stop.abort(thrown),
  )
  const dispose = watch(training, stop)
  const reading = Promise.all([readMessages(program, training, checkpoints), copyErrors(program, training)])
  const finished = Promise.all([program.ended, reading]).then(async ([end]) => {
    await checkpoints.settled()
    return end
  })
  try {
    return await Promise.race([finished, interrupted])
  } finally {
    dispose()
    await program.stop()
    // The log is closed next: what was under way must have reached it. Its failure, if any, was thrown above.
    await reading.catch(() => {})
  }
}

/** Rejects with the reason of the signal. */
function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Stops a training that was cancelled or takes too long, until disposed. */
function watch({ name, hooks, log, timeoutMs }: Training, stop: AbortController): () => void {
  const onAbort = (): void => stop.abort(cancelled(name))
  hooks.signal.addEventListener('abort', onAbort, { once: true })
  // It may have been cancelled while the program was being started.
  if (hooks.signal.aborted) onAbort()
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.abort(tookTooLong(name, timeoutMs, log.tail())), Math.min(timeoutMs, MAX_TIMER_MS))
  return () => {
    clearTimeout(timer)
    hooks.signal.removeEventListener('abort', onAbort)
  }
}

async function readMessages(program: Program, training: Training, checkpoints: CheckpointQueue): Promise<void> {
  for await (const lines of readLines(program.stdout, MAX_LINE)) {
    const logged: string[] = []
    for (const line of lines.map(training.hide)) {
      const message = readProgramMessage(line)
      if (message.kind === 'progress') training.hooks.progress(message.progress)
      else if (message.kind === 'checkpoint') checkpoints.add(message.file)
      else logged.push(line)
    }
    await training.log.write(logged)
  }
}

async function copyErrors(program: Program, { log, hide }: Training): Promise<void> {
  for await (const lines of readLines(program.stderr, MAX_LINE)) await log.write(lines.map(hide))
}
