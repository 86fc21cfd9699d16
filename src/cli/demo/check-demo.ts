/** The demonstration checks itself: rows, promotions, the registry's history, and how good the models were. */
import { verifyAccounting } from '../../data/verify/verify.js'
import type { AliasMove } from '../../registry/registry.js'
import { readRunSummaries } from '../../stages/summaries.js'
import { table } from '../table.js'
import { paintFor } from '../terminal.js'
import { STORM } from './faults.js'
import { type MonthAuc, scoreMonths } from './score-months.js'
import type { DemoStage } from './stage.js'
import type { ToldStory } from './story.js'

/** Ways of training that the demonstration knows. */
export type DemoTrainer = 'embedded' | 'lightgbm'

/** Flights that the six files hold, and rows in the file of corrections. */
const EXPECTED_ROWS = 2_999_994 + 9
/** Least mean AUC of the champion over March to June, and its least lead over the January model. */
const GOALS: Readonly<Record<DemoTrainer, { readonly mean: number; readonly lead: number }>> = {
  embedded: { mean: 0.69, lead: 0.012 },
  lightgbm: { mean: 0.71, lead: 0.012 },
}

/** The last line of the demonstration. */
export interface DemoSummary {
  readonly outcome: 'ok' | 'failed'
  readonly trainer: DemoTrainer
  readonly seconds: number
  readonly rows: {
    readonly in: number
    readonly kept: number
    readonly quarantined: number
    readonly duplicates: number
  }
  readonly runs: Readonly<Record<string, number>>
  readonly promotions: number
  readonly auc: readonly MonthAuc[]
  readonly marchToJune: { readonly champion: number; readonly january: number; readonly rule: number }
  readonly checks: readonly { readonly check: string; readonly holds: boolean }[]
}

/** Checks what happened against what must be true, prints both, and gives the summary. */
export async function checkDemo(
  stage: DemoStage,
  story: ToldStory,
  { trainer, startedMs }: { readonly trainer: DemoTrainer; readonly startedMs: number },
): Promise<DemoSummary> {
  const { ports } = stage.stack
  const { say, model } = stage
  const account = await verifyAccounting(ports.data, model)
  const runs = await readRunSummaries(ports, model)
  const moves = await ports.registry.history(model, 'champion')
  const auc = await scoreMonths(stage, story.months)
  const later = auc.filter(({ month }) => month >= '2001-03')
  const marchToJune = {
    champion: mean(later.map(({ champion }) => champion)),
    january: mean(later.map(({ january }) => january)),
    rule: mean(later.map(({ rule }) => rule)),
  }
  const promoted = runs.filter(({ outcome }) => outcome === 'promoted')
  const goal = GOALS[trainer]
  const killed = story.months.find(({ month }) => month === '2001-05')?.seen.record.training
  const checks = [
    { check: `rows in (${account.rowsIn}) are the rows that arrived`, holds: account.rowsIn === EXPECTED_ROWS },
    { check: 'every row is kept, in quarantine, or a counted duplicate', holds: account.holds },
    { check: 'the corrupt file is in quarantine, and blocked nothing', holds: account.unreadable === 1 },
    { check: 'bad data retrained nothing', holds: story.badData.record.decision?.rule === 'badData' },
    { check: 'a month needed nothing', holds: story.months.some(({ seen }) => seen.result.outcome === 'notNeeded') },
    { check: 'a better candidate was promoted', holds: promoted.length >= 2 },
    { check: 'a worse candidate was refused', holds: story.worse.result.outcome === 'rejected' },
    { check: 'one promotion a promoted run', holds: promotionsOf(moves) === promoted.length },
    { check: 'the history of the champion has no gap', holds: hasNoGap(moves) },
    { check: `${STORM} alerts were taken and became one run`, holds: isOneRun(story, runs.length) },
    { check: 'the killed training went on from its checkpoint', holds: killed == null || killed.resumedFrom !== null },
    { check: 'the champion was rolled back', holds: moves.at(-1)?.version === story.rollback.to },
    {
      check: `mean AUC of the champion, March to June, is at least ${goal.mean}`,
      holds: marchToJune.champion >= goal.mean,
    },
    {
      check: `it leads the January model by at least ${goal.lead}`,
      holds: marchToJune.champion - marchToJune.january >= goal.lead,
    },
  ]
  const summary: DemoSummary = {
    outcome: checks.every(({ holds }) => holds) ? 'ok' : 'failed',
    trainer,
    seconds: Math.round((Date.now() - startedMs) / 1000),
    rows: { in: account.rowsIn, kept: account.kept, quarantined: account.quarantined, duplicates: account.duplicates },
    runs: countBy(runs.map(({ outcome }) => outcome ?? 'open')),
    promotions: promoted.length,
    auc,
    marchToJune,
    checks,
  }
  print(say, summary)
  return summary
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Moves by runs: not those of people, and not champion zero's. */
const promotionsOf = (moves: readonly AliasMove[]) => moves.filter(({ actor }) => actor.startsWith('run ')).length

const hasNoGap = (moves: readonly AliasMove[]) =>
  moves.every(({ seq, previous }, i) => seq === i + 1 && previous === moves[i - 1]?.version)

/** All runs are those that the story knows: six months, the corrections, the worse candidate, and one for the storm. */
const isOneRun = ({ months, storm }: ToldStory, runs: number) =>
  storm.answers['202'] === STORM && runs === months.length + 3

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function print(say: (line: string) => void, { auc, marchToJune, checks, rows }: DemoSummary): void {
  const paint = paintFor()
  const row = (name: string, { rule, january, champion }: Omit<MonthAuc, 'month' | 'version'>, version = '') => [
    name,
    rule.toFixed(4),
    Number.isNaN(january) ? '' : january.toFixed(4),
    champion.toFixed(4),
    version,
  ]
  say('')
  say(paint.bold('AUC on each month, scored before any of its rows was trained on'))
  say(
    table(
      ['month', 'rule', 'January model', 'champion', 'version'],
      [...auc.map((month) => row(month.month, month, String(month.version))), row('Mar-Jun', marchToJune)],
    ),
  )
  say('')
  say(`${rows.in} rows in = ${rows.kept} kept + ${rows.quarantined} quarantined + ${rows.duplicates} duplicates`)
  say('')
  for (const { check, holds } of checks) say(`${holds ? paint.green('✔') : paint.red('✖')} ${check}`)
}
