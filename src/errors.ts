/** What went wrong, from a closed list. A caller branches on the code; a person reads the message. */
export type RefitErrorCode =
  | 'InvalidInput'
  | 'InvalidSpec'
  | 'NotAllowed'
  | 'NotFound'
  | 'Conflict'
  | 'StoreUnavailable'
  | 'StoreCorrupt'
  | 'RowsErased'
  | 'UnreadableSource'
  | 'SourceUnavailable'
  | 'TrainingFailed'
  | 'PredictorFailed'
  | 'TemporalUnavailable'
  | 'Cancelled'

/** Whether trying the same thing again can help, unless the thrower knows better. */
const PERMANENT: Record<RefitErrorCode, boolean> = {
  InvalidInput: true,
  InvalidSpec: true,
  NotAllowed: true,
  NotFound: true,
  Conflict: true,
  StoreUnavailable: false,
  StoreCorrupt: true,
  RowsErased: true,
  UnreadableSource: true,
  SourceUnavailable: false,
  TrainingFailed: false,
  PredictorFailed: false,
  TemporalUnavailable: false,
  Cancelled: true,
}

/**
 * The one error class of Refit. The message reads: action, object, reason, way out.
 *
 * `permanent` tells the workflow engine whether a retry can help; it follows from the code unless given.
 */
export class RefitError extends Error {
  override readonly name = 'RefitError'
  readonly permanent: boolean

  constructor(
    readonly code: RefitErrorCode,
    message: string,
    options: { readonly permanent?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.permanent = options.permanent ?? PERMANENT[code]
  }
}

/** Whether this was thrown, with this code. */
export function isRefitError(thrown: unknown, code: RefitErrorCode): thrown is RefitError {
  return thrown instanceof RefitError && thrown.code === code
}

/** Ends a switch over a closed union: the compiler refuses when a case was forgotten. */
export function unreachable(value: never): never {
  throw new TypeError(`Unreachable case: ${JSON.stringify(value)}`)
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
