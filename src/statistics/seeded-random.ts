/**
 * Random numbers in [0, 1) that are the same for the same seed, on every machine: xoshiro128** by D. Blackman and S. Vigna
 * (Scrambled linear pseudorandom number generators, 2018), started by splitmix32. Not for secrets.
 *
 * @param seed an integer in [0, 2³²); others are reduced to it.
 */
export function seededRandom(seed: number): () => number {
  const mix = splitMix(seed)
  let [a, b, c, d] = [mix(), mix(), mix(), mix()]
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return result / 2 ** 32
  }
}

const rotate = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits))

/** Spreads any seed, also 0 and neighbours, over the whole state. */
function splitMix(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) | 0
  }
}
