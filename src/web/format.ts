/** How numbers, times and spans are written for people, the same on every page. */

const counts = new Intl.NumberFormat('en-US')

/** A count with thousands separators; a dash for nothing. */
export const count = (value: number | null | undefined): string => (value == null ? '–' : counts.format(value))

/** A count with its noun: `1 run`, `2 runs`, `2 batches`. */
export const countOf = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** A measured number with four significant digits and a true minus sign; a dash for nothing. */
export function measure(value: number | null | undefined): string {
  if (value == null) return '–'
  if (!Number.isFinite(value)) return String(value)
  const isPlain = value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e7)
  const text = isPlain ? trimmed(value) : value.toExponential(2)
  return text.replace('-', '−')
}

function trimmed(value: number): string {
  if (Number.isInteger(value)) return counts.format(value)
  return Math.abs(value) >= 1000 ? counts.format(Math.round(value)) : String(Number(value.toPrecision(4)))
}

/** A share as per cent. */
export const share = (value: number): string => `${measure(Math.round(value * 1000) / 10)} %`

/** A span of seconds in its two largest units. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return pair(minutes, 'min', Math.floor(seconds % 60), 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return pair(hours, 'h', minutes % 60, 'min')
  return pair(Math.floor(hours / 24), 'days', hours % 24, 'h')
}

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`

/** How long ago a moment was. */
export function ago(moment: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(moment)) / 1000
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} days ago`
}

/** A moment to the second, as `2001-02-03 04:05:06`; what is no time stays as it is. */
export function moment(iso: string | null | undefined): string {
  if (iso == null) return '–'
  return /^\d{4}-\d\d-\d\dT/.test(iso) ? iso.replace('T', ' ').replace(/(\.\d+)?(Z|\+00:00)?$/, '') : iso
}

/** The day of a moment, `2001-02-03`. */
export const day = (iso: string): string => moment(iso).slice(0, 10)

/** A size in the unit that keeps it short. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${measure(Number((bytes / 1e3).toPrecision(3)))} kB`
  if (bytes < 1e9) return `${measure(Number((bytes / 1e6).toPrecision(3)))} MB`
  return `${measure(Number((bytes / 1e9).toPrecision(3)))} GB`
}

/** A code word such as `lastLayers` as a person reads it: `last layers`. */
export const words = (code: string): string => code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
