/** What must hold between the fields that say how to train, judge and decide. */
import { Gates } from './examination.js'
import type { SpecPath } from './json-schema.js'
import type { SpecOutline } from './outline.js'
import { Policy } from './policy.js'
import { type Finding, formatPath } from './problem.js'

/** The metrics of a goal that are better when lower. */
const LOWER_IS_BETTER = ['logLoss', 'brier']

/** A threshold of least cost needs costs. */
export function checkThreshold({ prediction, businessMetric }: SpecOutline): readonly Finding[] {
  if (prediction.threshold !== 'leastCost' || businessMetric !== undefined) return []
  return [
    {
      path: ['prediction', 'threshold'],
      at: 'value',
      level: 'error',
      expected: 'a businessMetric to take the threshold from',
      found: 'none in the spec',
      wayOut: 'Add businessMetric with the costs of wrong decisions, or write a score such as 0.5.',
    },
  ]
}

/** A wrong decision costs more than the right one; else the cheapest threshold is to decide one way always. */
export function checkCosts({ businessMetric }: SpecOutline): readonly Finding[] {
  const { truePositive = 0, trueNegative = 0, falsePositive, falseNegative } = businessMetric ?? {}
  const pairs = [
    { key: 'falsePositive', cost: falsePositive, right: 'trueNegative', rightCost: trueNegative },
    { key: 'falseNegative', cost: falseNegative, right: 'truePositive', rightCost: truePositive },
  ]
  return pairs.flatMap(({ key, cost, right, rightCost }): readonly Finding[] => {
    if (cost === undefined || cost > rightCost) return []
    const expected = `a cost above ${right} (${rightCost})`
    const wayOut = 'Costs are positive, gains negative: check the signs.'
    return [{ path: ['businessMetric', key], at: 'value', level: 'error', expected, found: String(cost), wayOut }]
  })
}

/** Two limits of which the second is the stronger form of the first; `undefined` where the default holds. */
interface Order {
  readonly low: Limit
  readonly high: Limit
}

interface Limit {
  readonly path: SpecPath
  readonly given: number | undefined
  readonly initial: number
}

/** Limits of which one is the stronger form of the other stand in that order, defaults included. */
export function checkPolicyOrder({ policy, gates }: SpecOutline): readonly Finding[] {
  const initial = { ...Policy.parse({}), ...Gates.parse({}) }
  const limit = (name: 'psiModerate' | 'psiMajor' | 'driftedShare' | 'driftedShareFull'): Limit => {
    return { path: ['policy', name], given: policy[name], initial: initial[name] }
  }
  const historyDays = {
    path: ['policy', 'window', 'history', 'days'],
    given: policy.window?.history.days,
    // All of history, unless days are given.
    initial: Number.POSITIVE_INFINITY,
  }
  const holdoutDays = { path: ['gates', 'holdoutDays'], given: gates.holdoutDays, initial: initial.holdoutDays }
  return [
    { low: limit('psiModerate'), high: limit('psiMajor') },
    { low: limit('driftedShare'), high: limit('driftedShareFull') },
    { low: holdoutDays, high: historyDays },
  ].flatMap(checkOrder)
}

function checkOrder({ low, high }: Order): readonly Finding[] {
  const [lowValue, highValue] = [low.given ?? low.initial, high.given ?? high.initial]
  if (highValue > lowValue) return []
  const [wrong, other] = high.given === undefined ? [low, high] : [high, low]
  const otherName = `${formatPath(other.path)} (${other.given ?? `by default ${other.initial}`})`
  return [
    {
      path: wrong.path,
      at: 'value',
      level: 'error',
      expected: `a number ${wrong === high ? 'above' : 'below'} ${otherName}`,
      found: String(wrong.given),
      wayOut: 'Change one of the two.',
    },
  ]
}

/** A target that is already reached asks for nothing. */
export function checkTarget({ goal }: SpecOutline): readonly Finding[] {
  const { metric, today, target } = goal
  if (metric === undefined || today === undefined || target === undefined) return []
  const isLower = LOWER_IS_BETTER.includes(metric)
  if (isLower ? target < today : target > today) return []
  const expected = `a value ${isLower ? 'below' : 'above'} today's ${today}, as ${metric} is better when ${isLower ? 'lower' : 'higher'}`
  const wayOut = 'Name the value that would be worth the effort.'
  return [{ path: ['goal', 'target'], at: 'value', level: 'warning', expected, found: String(target), wayOut }]
}

/** What a trainer cannot do in part becomes a full training: allowed, but worth to know. */
export function checkPartialWays({ policy, trainer }: SpecOutline): readonly Finding[] {
  if (policy.partial === undefined || trainer?.kind !== 'command') return []
  const can = trainer.can ?? []
  return policy.partial.flatMap((way, index): readonly Finding[] => {
    if (typeof way !== 'string' || can.includes(way)) return []
    const expected = 'a way that the trainer can do (trainer.can)'
    const wayOut = 'Add it to trainer.can once the program knows it; without any, a partial becomes a full training.'
    const found = JSON.stringify(way)
    return [{ path: ['policy', 'partial', index], at: 'value', level: 'warning', expected, found, wayOut }]
  })
}

/** Who owes explanations is told that the embedded trainer makes a network. */
export function checkExplanations({ goal, trainer }: SpecOutline): readonly Finding[] {
  const kind = trainer === undefined ? 'embedded' : trainer.kind
  if (goal.explanations !== 'required' || kind !== 'embedded') return []
  return [
    {
      path: ['goal', 'explanations'],
      at: 'value',
      level: 'warning',
      expected: 'a trainer whose decisions people can follow',
      found: 'the embedded trainer, a neural network',
      wayOut: 'Use a trainer of kind command with an interpretable model, such as a linear one or small trees.',
    },
  ]
}
