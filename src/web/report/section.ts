import type { Markup } from '../markup.js'

/** One part of the report. */
export interface Section {
  /** Name in the address: `#data`. */
  readonly id: string
  readonly title: string
  readonly body: Markup
}
