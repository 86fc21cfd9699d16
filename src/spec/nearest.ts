/** Letters from which the beginning of a word stands for it: `int`, `bool`, `str`. */
const SHORTEST_PREFIX = 3

/**
 * The candidate that was probably meant by a misspelt or shortened word, or `undefined` when none is near. Case, `-` and
 * `_` do not count; beyond that, a third of the word's letters may differ.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plainWord = plain(word)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(plainWord.length / 3)) + 1
  for (const candidate of candidates) {
    const isShortened = plainWord.length >= SHORTEST_PREFIX && plain(candidate).startsWith(plainWord)
    const distance = isShortened ? 0 : editDistance(plainWord, plain(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '')

/** Levenshtein distance: the least number of letters to insert, delete or replace. */
function editDistance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const replaced = at(above, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, at(above, column) + 1, at(current, column - 1) + 1))
    }
    above = current
  }
  return at(above, right.length)
}

/** Both rows are filled up to where they are read; the compiler cannot see it. */
const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY
