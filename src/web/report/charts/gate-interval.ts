import { dot, ruleX, ruleY } from '@observablehq/plot'
import type { GateResult, Verdict } from '../../../decisions/verdict.js'
import { measure } from '../../format.js'
import type { Markup } from '../../markup.js'
import { draw } from './draw.js'

const COLOURS: Record<Verdict, string> = {
  pass: 'var(--good)',
  fail: 'var(--bad)',
  inconclusive: 'var(--warn)',
  error: 'var(--muted)',
}

/** How far from its limit a gate stands, in shares of the larger distance: right of 0 is the side that passes. */
export interface IntervalPosition {
  readonly estimate: number
  readonly bound: number
}

/**
 * Places estimate and bound beside the limit. A bound below the estimate is a lower one, so more is better; one above
 * is an upper one, so less is better. `undefined` where the gate has no limit or no estimate.
 */
export function intervalPosition({ estimate, bound, limit }: GateResult): IntervalPosition | undefined {
  if (estimate === null || bound === null || limit === null) return undefined
  const towardsPass = bound <= estimate ? 1 : -1
  const reach = Math.max(Math.abs(estimate - limit), Math.abs(bound - limit))
  if (!Number.isFinite(reach)) return undefined
  const place = (value: number) => (reach === 0 ? 0 : (towardsPass * (value - limit)) / reach)
  return { estimate: place(estimate), bound: place(bound) }
}

/** Estimate (dot), its bound (end of the line) and the limit (the vertical line, in the middle of each row). */
export function gateInterval(gate: GateResult): Markup | undefined {
  const at = intervalPosition(gate)
  if (at === undefined) return undefined
  const stroke = COLOURS[gate.verdict]
  return draw(
    {
      width: 144,
      height: 22,
      margin: 3,
      axis: null,
      x: { domain: [-1.08, 1.08] },
      marks: [
        ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.55 }),
        ruleY([0], { x1: at.bound, x2: at.estimate, stroke, strokeWidth: 2.5 }),
        ruleX([at.bound], { stroke, strokeWidth: 2.5, insetTop: 4, insetBottom: 4 }),
        dot([0], { x: at.estimate, y: 0, r: 4, fill: stroke }),
      ],
    },
    `Estimate ${measure(gate.estimate)}, bound ${measure(gate.bound)}, limit ${measure(gate.limit)}`,
  )
}
