/** Rule R0, the data gate: broken expectations about the data themselves. They block retraining and never trigger it. */
import { sum } from '../../statistics/at.js'
import {
  type CategoricalProfile,
  type ColumnProfile,
  type NumericProfile,
  type Profile,
  quantile,
  twoProportionZ,
} from '../../statistics/index.js'
import type { DataProblem } from '../decision.js'
import type { EvidenceInput, LiveCommit } from '../evidence-input.js'
import { count, decimal, rows, share } from '../plain-numbers.js'

/** Rise of a column's missing share that is a defect rather than drift. */
const NULL_SHARE_RISE = 0.05
/** Share of rows with values that the reference never saw. */
const UNSEEN_SHARE = 0.01
/** Standard errors that a share must have moved besides, so that a small batch raises no alarm. */
const SHARE_Z = 5
/** Batches of ordinary size that must be known before a size can be odd. */
const EARLIER_BATCHES = 4
/** Chance below which a column that shows one value only cannot be luck. */
const CONSTANT_CHANCE = 1e-6

/** All problems, those of whole batches first. Column problems need enough rows on both sides. */
export function dataProblems(input: EvidenceInput): readonly DataProblem[] {
  const { reference, live, policy } = input
  const isEnough = reference !== null && live !== null && Math.min(reference.rows, live.rows) >= policy.minRows
  return [
    ...input.liveCommits.flatMap((commit) => batchProblems(commit, input)),
    ...(isEnough ? columnProblems(reference, live) : []),
  ]
}

function batchProblems(commit: LiveCommit, input: EvidenceInput): readonly DataProblem[] {
  const { source, receipt, isDecided = false } = commit
  if (isDecided) return []
  if (receipt.unreadable !== undefined) {
    return [{ kind: 'unreadable', column: null, text: `Batch ${source.path} cannot be read: ${receipt.unreadable}` }]
  }
  return [
    quarantineProblem(source.path, receipt, input.maxQuarantineShare),
    sizeProblem(source.path, receipt, input),
  ].flatMap((problem) => problem ?? [])
}

function quarantineProblem(
  path: string,
  { rowsIn, quarantined, stopped }: LiveCommit['receipt'],
  limit: number,
): DataProblem | undefined {
  // Of a stopped batch all rows are in quarantine, and it stays stopped though the limit was raised since.
  const broken = stopped?.broken ?? quarantined
  if (rowsIn === 0 || (stopped === undefined && broken / rowsIn <= limit)) return undefined
  const why = `${count(broken)} of ${rows(rowsIn)} of batch ${path} broke a rule: ${share(broken / rowsIn)}, at most ${share(limit)} may.`
  const text = stopped === undefined ? why : `${why} The batch is stopped: all of it waits in quarantine.`
  return { kind: 'quarantineShare', column: null, text }
}

/**
 * Less than half or more than double of the median, and of everything that was seen: a weekend's small file is no surprise
 * the second time. Batches without a row say nothing about the size of ordinary ones.
 */
function sizeProblem(
  path: string,
  { rowsIn }: LiveCommit['receipt'],
  { earlierRowsIn }: EvidenceInput,
): DataProblem | undefined {
  const earlier = earlierRowsIn.filter((rows) => rows > 0)
  if (earlier.length < EARLIER_BATCHES) return undefined
  const median = quantile(earlier, 0.5)
  const isSmall = earlier.every((rows) => rowsIn < rows / 2)
  const isLarge = earlier.every((rows) => rowsIn > rows * 2)
  if (!isSmall && !isLarge) return undefined
  const text = `Batch ${path} has ${rows(rowsIn)}, ${decimal(rowsIn / median, 3)} times the median of ${count(median)}.`
  return { kind: 'rowCount', column: null, text }
}

function columnProblems(reference: Profile, live: Profile): readonly DataProblem[] {
  return Object.entries(reference.columns).flatMap(([column, before]) => {
    const now = live.columns[column]
    if (now === undefined || now.kind !== before.kind) return []
    return [
      nullProblem(column, { profile: before, rows: reference.rows }, { profile: now, rows: live.rows }),
      constantProblem(column, before, now),
      unseenProblem(column, before, now),
    ].flatMap((problem) => problem ?? [])
  })
}

interface CountedColumn {
  readonly profile: ColumnProfile
  readonly rows: number
}

/** Only a rise is a defect; fewer missing values are drift. */
function nullProblem(column: string, before: CountedColumn, now: CountedColumn): DataProblem | undefined {
  const a = { successes: missing(before.profile), rows: before.rows }
  const b = { successes: missing(now.profile), rows: now.rows }
  const [was, is] = [a.successes / a.rows, b.successes / b.rows]
  if (is - was <= NULL_SHARE_RISE || twoProportionZ(a, b).z <= SHARE_Z) return undefined
  return {
    kind: 'nullShare',
    column,
    text: `Column "${column}" is missing in ${share(is)} of rows, before in ${share(was)}.`,
  }
}

const missing = (profile: ColumnProfile) => profile.nulls + (profile.kind === 'numeric' ? profile.notFinite : 0)

function constantProblem(column: string, before: ColumnProfile, now: ColumnProfile): DataProblem | undefined {
  const only = now.kind === 'numeric' ? onlyNumber(before, now) : onlyCategory(before, now)
  // The chance that as many ordinary rows all have this value: a rare flag that is 0 throughout is no defect.
  if (only === undefined || only.shareBefore ** only.rows >= CONSTANT_CHANCE) return undefined
  const text = `Column "${column}" is ${only.value} in all of ${rows(only.rows)}, before in ${share(only.shareBefore)}.`
  return { kind: 'constantColumn', column, text }
}

/** The one value of a constant live column, and its share before; the share of its bin is an upper limit of that. */
function onlyNumber(before: ColumnProfile, now: NumericProfile) {
  if (before.kind !== 'numeric' || now.min === null || now.min !== now.max) return undefined
  const bin = now.counts.findIndex((counted) => counted > 0)
  const shareBefore = (before.counts[bin] ?? 0) / Math.max(1, sum(before.counts))
  return { value: decimal(now.min), rows: sum(now.counts), shareBefore }
}

function onlyCategory(before: ColumnProfile, now: CategoricalProfile) {
  const [only, ...others] = Object.entries(now.counts).filter(([, counted]) => counted > 0)
  if (before.kind !== 'categorical' || only === undefined || others.length > 0 || now.other > 0) return undefined
  const known = sum(Object.values(before.counts)) + before.other
  return { value: `"${only[0]}"`, rows: only[1], shareBefore: (before.counts[only[0]] ?? 0) / Math.max(1, known) }
}

/**
 * Values that the reference does not list are unseen only where it lists all but a few: of a column with more values than a
 * profile keeps, nobody can say which are new. Their share counts as far as it exceeds the reference's own unlisted share.
 */
function unseenProblem(column: string, before: ColumnProfile, now: ColumnProfile): DataProblem | undefined {
  if (before.kind !== 'categorical' || now.kind !== 'categorical') return undefined
  const seen = sum(Object.values(before.counts)) + before.other
  if (before.other > seen * UNSEEN_SHARE) return undefined
  const unseen = Object.entries(now.counts).filter(([value]) => !Object.hasOwn(before.counts, value))
  const a = { successes: before.other, rows: Math.max(1, seen) }
  const b = {
    successes: sum(unseen.map(([, counted]) => counted)) + now.other,
    rows: sum(Object.values(now.counts)) + now.other,
  }
  if (b.rows === 0 || b.successes / b.rows - a.successes / a.rows <= UNSEEN_SHARE) return undefined
  if (twoProportionZ(a, b).z <= SHARE_Z) return undefined
  const example = unseen.length > 0 ? `, such as "${unseen[0]?.[0]}"` : ''
  const text = `Column "${column}" has ${share(b.successes / b.rows)} of rows with values that the reference does not list${example}.`
  return { kind: 'unseenCategories', column, text }
}
