/** Plain text tables: columns padded to their widest cell, numbers to the right. */

/** Lays out rows under a heading. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows]
  const widths = heading.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)))
  const isNumeric = heading.map((_, i) => rows.length > 0 && rows.every((row) => /^-?[\d,.]*$/.test(row[i] ?? '')))
  const line = (row: readonly string[]) =>
    widths
      .map((width, i) => (isNumeric[i] ? (row[i] ?? '').padStart(width) : (row[i] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}
