import { decimal, rows } from '../plain-numbers.js'
import type { Facts, Proposal } from './rule.js'

/** What is said when no rule matched: what was looked at, and what is worth watching. */
export function nothingNotable({ evidence }: Facts): Proposal {
  const { liveRows, features, scores, performance } = evidence
  const watched = features.filter(({ level }) => level === 'moderate' || level === 'major')
  const names = watched.map(({ column, psi, level }) => `${column} (${level}, PSI ${decimal(psi, 3)})`)
  const reasons = [`Nothing notable in ${rows(liveRows)}.`]
  if (performance !== null) reasons.push(performanceSentence(performance))
  if (watched.length > 0) reasons.push(`Drifted, but not enough to act on: ${names.join(', ')}.`)
  if (scores?.level === 'moderate' || scores?.level === 'major') {
    reasons.push(`The champion's scores drifted (${scores.level}, PSI ${decimal(scores.psi, 3)}).`)
  }
  return { verdict: 'none', rule: 'nothingNotable', reasons }
}

function performanceSentence({ metric, live, reference, z }: NonNullable<Facts['evidence']['performance']>): string {
  return `${metric} is ${decimal(live)}, ${decimal(reference)} when it was examined (z = ${decimal(z, 3)}).`
}
