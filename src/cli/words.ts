/** How the command line writes counts, sizes and times. */

import { count, countOf } from '../web/format.js'

/** A count: `2,000`. */
export const numberText = (value: number): string => count(value)

/** A count with its noun: `1 batch`, `2,000 batches`. */
export const countText = countOf

/** A size in the unit that keeps it short: of 1,024 bytes each, as the limits of the configuration are. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return countText(bytes, 'byte')
  const units = ['KB', 'MB', 'GB', 'TB']
  const unit = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  const value = bytes / 1024 ** unit
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit - 1]}`
}

/** A moment to the second, as `2026-11-24 15:04:05 UTC`. */
export const timeText = (iso: string): string => iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')

/** A reason that begins with the name of its file, where the name stands beside it already. */
export const withoutPath = (reason: string, path: string): string =>
  reason.startsWith(`${path}: `) ? reason.slice(path.length + 2) : reason
