import { z } from 'zod'
import type { TrainingProgress } from '../trainer.js'

/** Progress travels in heartbeats and is shown in one line. */
const TEXT_LENGTH = 200

/** Strict, so that a structured log line that happens to have such a key stays a log line. */
const Progress = z.strictObject({ progress: z.number(), text: z.string().default('') })
const Checkpoint = z.strictObject({ checkpoint: z.string().min(1) })

/** What a program says in one line of its standard output. */
export type ProgramMessage =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'checkpoint'; readonly file: string }
  | { readonly kind: 'log' }

/** Reads a line: `{"progress": 0.4, "text": "…"}`, `{"checkpoint": "file"}`, or anything else, which is log. */
export function readProgramMessage(line: string): ProgramMessage {
  const value = line.startsWith('{') ? parseJson(line) : undefined
  const progress = Progress.safeParse(value)
  if (progress.success) {
    const { progress: share, text } = progress.data
    return { kind: 'progress', progress: { share: Math.min(1, Math.max(0, share)), text: text.slice(0, TEXT_LENGTH) } }
  }
  const checkpoint = Checkpoint.safeParse(value)
  return checkpoint.success ? { kind: 'checkpoint', file: checkpoint.data.checkpoint } : { kind: 'log' }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // A log line that begins with a brace.
    return undefined
  }
}
