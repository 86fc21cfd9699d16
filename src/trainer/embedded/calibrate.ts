import type { Layer } from './weights.js'

/** The map from a logit to a calibrated logit, `slope * logit + shift`. */
export interface Calibration {
  readonly slope: number
  readonly shift: number
}

/** Pulls towards the identity as strongly as one row would: without it, labels of one class alone have no optimum. */
const RIDGE = 1
/** Newton's method doubles its digits with each round; this is far more than double precision needs. */
const MOST_ROUNDS = 50

/**
 * Platt scaling: the logistic regression of the labels on the logits, by Newton's method (J. Platt, Probabilistic
 * outputs for support vector machines, 1999), held to the identity by a weak ridge instead of Platt's smoothed targets.
 */
export function calibrate(logits: Float32Array, label: Float32Array, weight: Float32Array): Calibration {
  let slope = 1
  let shift = 0
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { gradient, curvature } = derivatives({ slope, shift }, logits, label, weight)
    const determinant = curvature.slope * curvature.shift - curvature.both ** 2
    const slopeMove = (curvature.shift * gradient.slope - curvature.both * gradient.shift) / determinant
    const shiftMove = (curvature.slope * gradient.shift - curvature.both * gradient.slope) / determinant
    // A full step may overshoot far from the optimum; the loss is convex, so shorter ones arrive too.
    const length = Math.min(1, 1 / Math.max(Math.abs(slopeMove), Math.abs(shiftMove), 1))
    slope -= length * slopeMove
    shift -= length * shiftMove
    if (Math.abs(slopeMove) + Math.abs(shiftMove) < 1e-10) break
  }
  return { slope, shift }
}

/** Folds the map into the head, so that the graph needs no step of its own for it. */
export function foldIntoHead(layers: readonly Layer[], { slope, shift }: Calibration): readonly Layer[] {
  return layers.map((layer) =>
    layer.name === 'head'
      ? { ...layer, weight: layer.weight.map((w) => w * slope), bias: layer.bias.map((b) => b * slope + shift) }
      : layer,
  )
}

function derivatives({ slope, shift }: Calibration, logits: Float32Array, label: Float32Array, weight: Float32Array) {
  const gradient = { slope: RIDGE * (slope - 1), shift: RIDGE * shift }
  const curvature = { slope: RIDGE, shift: RIDGE, both: 0 }
  logits.forEach((logit, row) => {
    const w = weight[row] ?? 0
    const score = 1 / (1 + Math.exp(-(slope * logit + shift)))
    const error = w * (score - (label[row] ?? 0))
    const bend = w * score * (1 - score)
    gradient.slope += error * logit
    gradient.shift += error
    curvature.slope += bend * logit * logit
    curvature.shift += bend
    curvature.both += bend * logit
  })
  return { gradient, curvature }
}
