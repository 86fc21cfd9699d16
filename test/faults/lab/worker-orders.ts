import type { Sabotage } from './sabotage.js'

/** What a worker of the laboratory is started with: paths, and how it is sabotaged. */
export interface Orders {
  /** Code of the workflows. */
  readonly bundle: string
  readonly plan: string
  readonly happened: string
  /** See `power.ts`. */
  readonly journal: string
  readonly sabotage: Sabotage
}

/** What the worker says when it serves. */
export const WORKER_IS_READY = 'serving'
