/** What happens while a Temporal server is looked for, as data: whoever shows it renders it. */

/** The ways to a server, in the order in which they are tried. */
export const STEPS = ['address', 'cliPath', 'path', 'cache', 'download', 'build'] as const
/** One way to a server. */
export type StepName = (typeof STEPS)[number]

/** The ways that need neither network nor time: what the user names, and what is on this machine already. */
export const INSTALLED_STEPS: readonly StepName[] = ['address', 'cliPath', 'path', 'cache']

/** A server that runs already, or a program that can be started as one. */
export type TemporalServer =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'binary'; readonly path: string; readonly version: string }

/** How far a long step is; `total` is null while nobody knows. */
export interface Progress {
  readonly done: number
  readonly total: number | null
  readonly unit: 'bytes' | 'packages' | 'seconds'
  /** What is being worked on: a file, a package, or why it waits. */
  readonly text: string
}

/** One event of the search. */
export type TemporalEvent =
  | { readonly kind: 'trying'; readonly step: StepName }
  | ({ readonly kind: 'progress'; readonly step: StepName } & Progress)
  | { readonly kind: 'absent'; readonly step: StepName; readonly reason: string }
  | { readonly kind: 'found'; readonly step: StepName; readonly server: TemporalServer }
