/** Milliseconds of a day of event time: times are UTC, where each day is as long. */
export const DAY_MS = 86_400_000
