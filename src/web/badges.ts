import type { Verdict } from '../decisions/verdict.js'
import { badge, type Tone } from './elements.js'
import { words } from './format.js'
import type { Markup } from './markup.js'

const OUTCOME_TONES: Readonly<Record<string, Tone>> = {
  promoted: 'good',
  notNeeded: 'quiet',
  superseded: 'quiet',
  cancelled: 'quiet',
  refused: 'warn',
  rejected: 'warn',
  rolledBack: 'bad',
  failed: 'bad',
}

/** How a run ended, for a person; an open run is running. */
export const outcomeBadge = (outcome: string | null): Markup =>
  outcome === null ? badge('running', 'quiet') : badge(words(outcome), OUTCOME_TONES[outcome] ?? 'quiet')

const VERDICT_TONES: Record<Verdict, Tone> = { pass: 'good', fail: 'bad', inconclusive: 'warn', error: 'bad' }

/** What a gate says, for a person. */
export const verdictBadge = (verdict: Verdict): Markup => badge(verdict, VERDICT_TONES[verdict])
