import type { Proposal, Rule } from './rule.js'

/** A person decides, and answers for it: no other rule is asked, bad data are named. */
export const asked: Rule = ({ asked: wish, evidence }): Proposal | undefined => {
  if (wish?.verdict === undefined) return undefined
  const warnings = evidence.dataProblems.map(({ text }) => `Data problem, overruled: ${text}`)
  const what = wish.verdict === 'none' ? 'no retraining' : `a ${wish.verdict} retraining`
  return { verdict: wish.verdict, rule: 'asked', reasons: [`A person asked for ${what}.`, ...warnings] }
}
