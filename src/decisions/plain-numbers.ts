/** Numbers as sentences show them: few digits, the same on every machine. */

/** 1234567 → `1,234,567`. */
export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 })

/** 0.1234 → `12.3 %`. */
export const share = (value: number): string => `${decimal(value * 100, 3)} %`

/** Up to four significant digits, no exponent for what people read often: 0.012345 → `0.01235`. */
export function decimal(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value)
  return Object.is(value, -0) ? '0' : String(Number(value.toPrecision(digits)))
}

/** A count with its noun: `1 batch`, `2,000 batches`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** `1 row`, `2 rows`. */
export const rows = (value: number): string => counted(value, 'row')
