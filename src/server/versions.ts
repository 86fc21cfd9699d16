/** Whether a dotted version is the other one or newer. Missing parts count as 0: `1.26` is `1.26.0`. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, need] = [partsOf(version), partsOf(least)]
  for (const index of [0, 1, 2]) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

function partsOf(version: string): readonly number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0)
}
