import type { Progress, TemporalServer } from './events.js'

/** What a step may look at. */
export interface StepContext {
  readonly env: NodeJS.ProcessEnv
  /** Folder of the pinned program in the user's cache; it may not exist yet. */
  readonly folder: string
  /** Origin of the download service. */
  readonly downloadFrom: string
  /** Folder of the Go module that pins the server. */
  readonly moduleFolder: string
  readonly signal: AbortSignal
  progress(progress: Progress): void
}

/** What a step found. `absent` is no failure of the search: the reason is kept and the next step is tried. */
export type StepResult = TemporalServer | { readonly kind: 'absent'; readonly reason: string }

/** One way to a server. Rejects only when the user asked for something that cannot be had. */
export type Step = (context: StepContext) => Promise<StepResult>

/** The answer of a step that found nothing. */
export const absent = (reason: string): StepResult => ({ kind: 'absent', reason })
