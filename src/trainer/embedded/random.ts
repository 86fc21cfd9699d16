/**
 * Numbers in [0, 1) that are the same for the same seed and stream, on every machine. The generator is sfc32 of
 * PractRand (C. Doty-Humphrey), warmed up for twelve rounds as its author advises. A stream of its own for each purpose
 * and each epoch means that a resumed training needs no saved state of the generator.
 */
export function seededRandom(seed: number, stream: number): () => number {
  let a = seed | 0
  let b = stream | 0
  let c = Math.floor(seed / 2 ** 32) | 0
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let round = 0; round < 12; round++) next()
  return next
}

/** Draws from a normal distribution, by the Box-Muller transform. */
export function normalFrom(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** The numbers 0 to `count - 1` in an order that seed and stream decide (Fisher and Yates). */
export function shuffled(count: number, seed: number, stream: number): Uint32Array {
  const random = seededRandom(seed, stream)
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  for (let left = count - 1; left > 0; left--) {
    const other = Math.floor(random() * (left + 1))
    const kept = order[left] ?? 0
    order[left] = order[other] ?? 0
    order[other] = kept
  }
  return order
}
