import type { EncodedRows } from './encode.js'

/** Weighted mean log loss of logits; `null` when no row has weight. */
export function logLoss(logits: Float32Array, { label, weight }: Pick<EncodedRows, 'label' | 'weight'>): number | null {
  let loss = 0
  let sum = 0
  logits.forEach((logit, row) => {
    const w = weight[row] ?? 0
    // log(1 + e^z) without overflow for large z.
    const softplus = Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)))
    loss += w * (softplus - (label[row] ?? 0) * logit)
    sum += w
  })
  return sum === 0 ? null : loss / sum
}
