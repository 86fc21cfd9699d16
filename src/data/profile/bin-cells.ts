/** The bin of a number, in constant time. */

/** Cells that are tried, fewest first. Beyond, the lists are larger than the processor's nearest memory. */
const CELLS = [256, 1024, 4096] as const

/** Even cells from the first edge to the last, of which none holds two edges. */
interface Cells {
  readonly first: number
  /** Cells by unit of the numbers. */
  readonly scale: number
  /** Edges below each cell, and the edge in it: infinite where there is none. */
  readonly below: readonly number[]
  readonly edge: readonly number[]
}

/**
 * A function that gives the bin of a finite number: the number of edges below it.
 *
 * A cell of the number is computed, and what is left is one comparison with the edge in that cell. Every step grows with the
 * number, rounding included, so that a number in a lower cell than an edge is below it. Edges increase strictly; where some are
 * too close for cells, it is found by halves.
 */
export function binFinder(edges: readonly number[]): (x: number) => number {
  const cells = CELLS.map((count) => divide(edges, count)).find((found) => found !== undefined)
  return cells === undefined ? byHalves(Float64Array.from(edges)) : byCells(cells)
}

/** `undefined` where two edges fall into one cell. */
function divide(edges: readonly number[], count: number): Cells | undefined {
  const [first, last] = [edges[0], edges.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  const scale = count / (last - first)
  if (!Number.isFinite(scale) || scale === 0) return undefined
  const cellOf = edges.map((edge) => Math.floor((edge - first) * scale))
  if (new Set(cellOf).size < edges.length) return undefined
  const below: number[] = []
  const edge: number[] = []
  for (const [index, cell] of cellOf.entries()) {
    while (below.length < cell) {
      below.push(index)
      edge.push(Number.POSITIVE_INFINITY)
    }
    below.push(index)
    edge.push(edges[index] ?? Number.POSITIVE_INFINITY)
  }
  return { first, scale, below, edge }
}

function byCells({ first, scale, below, edge }: Cells): (x: number) => number {
  const [lower, within] = [Float64Array.from(below), Float64Array.from(edge)]
  const last = below.length - 1
  return (x) => {
    const place = (x - first) * scale
    const cell = place >= last ? last : place > 0 ? Math.floor(place) : 0
    return (lower[cell] ?? 0) + (x > (within[cell] ?? 0) ? 1 : 0)
  }
}

function byHalves(edges: Float64Array): (x: number) => number {
  return (x) => {
    let low = 0
    let high = edges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (x > (edges[middle] ?? 0)) low = middle + 1
      else high = middle
    }
    return low
  }
}
