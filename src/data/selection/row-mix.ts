import type { TrainingWindow } from '../../decisions/decision.js'

/** Which rows of a group go when there are too many: any, or the newest half of what is taken stays whole. */
export type Thinning = 'evenly' | 'olderFirst'

/** A group of rows, and how many of them are taken. */
export interface MixPart {
  readonly group: 'all' | 'old' | 'new'
  readonly rows: number
  readonly quota: number
  readonly thinning: Thinning
}

/**
 * How many rows of each group are taken. With an old share, old rows are as many as make this share of the mix, or all
 * there are; without new rows nothing is taken, as there is nothing to learn. Without one, all rows are a single group.
 */
export function planMix(
  available: { readonly old: number; readonly new: number },
  { maxRows, oldUntil, oldShare }: Pick<TrainingWindow, 'maxRows' | 'oldUntil' | 'oldShare'>,
): readonly MixPart[] {
  if (oldUntil === null || oldShare === null) {
    const rows = available.old + available.new
    return [{ group: 'all', rows, quota: Math.min(rows, maxRows), thinning: 'olderFirst' }]
  }
  const newRows = Math.min(available.new, Math.floor(maxRows * (1 - oldShare)))
  const wanted = oldShare === 1 ? maxRows : Math.round((newRows * oldShare) / (1 - oldShare))
  return [
    {
      group: 'old',
      rows: available.old,
      quota: Math.min(available.old, wanted, maxRows - newRows),
      thinning: 'evenly',
    },
    { group: 'new', rows: available.new, quota: newRows, thinning: 'olderFirst' },
  ]
}
