/** Which rows people are asked about: some at random, so that something can be estimated from them, and those that teach most. */

/** How many rows of each part, and what makes a score uncertain. */
export interface LabelChoiceRequest {
  readonly rows: number
  /** Share of the rows that is random, [0, 1]. */
  readonly randomShare: number
  /** Score from which the decision is positive. */
  readonly threshold: number
}

/** A row that is asked about. */
export interface ChosenRow {
  /** Its place among the candidates, from 0. */
  readonly row: number
  readonly why: 'random' | 'uncertain'
}

/** How many of so many rows are drawn at random. */
export const randomRows = ({ rows, randomShare }: Omit<LabelChoiceRequest, 'threshold'>): number =>
  Math.round(rows * randomShare)

/**
 * Chooses among candidates that come in random order, so that the first of them are the random draw. Of the others those are
 * taken whose score is closest to the threshold; a row without a score (NaN) teaches nothing about certainty. Without
 * scores at all (null), every row is random.
 */
export function chooseRows(
  candidates: { readonly rows: number; readonly scores: ArrayLike<number> | null },
  request: LabelChoiceRequest,
): readonly ChosenRow[] {
  const rows = Math.min(request.rows, candidates.rows)
  const { scores } = candidates
  const random = scores === null ? rows : randomRows({ ...request, rows })
  const drawn = Array.from({ length: random }, (_, row): ChosenRow => ({ row, why: 'random' }))
  if (scores === null) return drawn
  const distance = (row: number) => Math.abs((scores[row] ?? Number.NaN) - request.threshold)
  const others = Array.from({ length: candidates.rows - random }, (_, i) => random + i)
  const uncertain = others
    .filter((row) => !Number.isNaN(distance(row)))
    .sort((one, other) => distance(one) - distance(other) || one - other)
    .slice(0, rows - random)
  return [...drawn, ...uncertain.map((row): ChosenRow => ({ row, why: 'uncertain' }))]
}
