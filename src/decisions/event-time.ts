/** Event times are ISO 8601 text; one without a zone counts as UTC, so that no machine's zone matters. */

/** Milliseconds of a day: times are UTC, where each day is as long. */
export const DAY_MS = 86_400_000

/** Milliseconds since 1970 of an event time. NaN when it cannot be read. */
export function eventTimeMs(time: string): number {
  const text = time.trim().replace(' ', 'T')
  const hasZone = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(text) || !text.includes('T')
  return Date.parse(hasZone ? text : `${text}Z`)
}

/** Days from one event time to another, with fractions; negative when `to` is earlier. */
export const daysBetween = (from: string, to: string): number => (eventTimeMs(to) - eventTimeMs(from)) / DAY_MS

/** The event time that many days earlier, in UTC. */
export const daysBefore = (time: string, days: number): string =>
  new Date(eventTimeMs(time) - days * DAY_MS).toISOString()
