/** How full the spool is, and what to do about it. Pure: the same numbers give the same answer. */

/** Limits that the operator set. */
export interface SpoolLimits {
  readonly maxBytes: number
  /** Age of the oldest waiting push that is worth a warning. Nothing is ever removed for its age. */
  readonly maxHours: number
}

/** What waits in the spool. */
export interface Waiting {
  readonly pushes: number
  readonly bytes: number
  /** When the oldest of them came, ISO 8601; null when nothing waits. */
  readonly since: string | null
}

/** Nothing waits. */
export const NOTHING_WAITS: Waiting = { pushes: 0, bytes: 0, since: null }

/** Share of the room above which people are warned: time to act before producers are turned away. */
const WARN_SHARE = 0.8

/** Whether a push of this size still fits. */
export function hasRoom(waiting: Pick<Waiting, 'bytes'>, bytes: number, { maxBytes }: SpoolLimits): boolean {
  return waiting.bytes + bytes <= maxBytes
}

/** All that waits, together. */
export function sumOf(parts: readonly Waiting[]): Waiting {
  return parts.reduce(
    (sum, part) => ({
      pushes: sum.pushes + part.pushes,
      bytes: sum.bytes + part.bytes,
      since: earlier(sum.since, part.since),
    }),
    NOTHING_WAITS,
  )
}

function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other
  return one < other ? one : other
}

/** What is wrong with what waits, a sentence each; none when all is well. */
export function spoolWarnings(waiting: Waiting, limits: SpoolLimits, now: Date): readonly string[] {
  const share = waiting.bytes / limits.maxBytes
  const hours = waiting.since === null ? 0 : (now.getTime() - Date.parse(waiting.since)) / 3_600_000
  return [
    ...(share > WARN_SHARE ? [tooFull(share)] : []),
    ...(hours > limits.maxHours
      ? [
          `The oldest push in the spool waits for ${Math.floor(hours)} hours, more than ${limits.maxHours}. Mend the store.`,
        ]
      : []),
  ]
}

function tooFull(share: number): string {
  const percent = Math.floor(share * 100)
  return `The spool is ${percent} % full; at 100 % pushes are refused. Mend the store, or raise REFIT_SPOOL_MAX_MB.`
}
