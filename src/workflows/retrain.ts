import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow'
import type { RunAt } from '../stages/ports.js'
import { awaitApproval } from './approval.js'
import { ingestArrivals } from './ingest.js'
import { awaitAnswers } from './label-answers.js'
import { type AdmitRequest, type Outcome, RetrainInput, type RunResult } from './messages.js'
import { parseInput } from './parse-input.js'
import { openBoard, type RunBoard } from './run-board.js'
import { quick, rows, training } from './steps.js'

/** How an episode ended, before it is reported. */
interface Ending {
  readonly outcome: Outcome
  readonly reason: string
}

/** A champion that moves while it is judged against means judging again; so often at most. */
const MOST_JUDGEMENTS = 3
/** Between two trainings that the store has ended: a day of outage is some hundred of them. */
const LONGEST_PAUSE_MS = 300_000

/**
 * One retraining episode, from its trigger to its report.
 *
 * Takes one JSON object, `{ "model": "flights" }` at the least; see `RetrainInput`. It begins with `admit` and ends
 * with `close`, whoever started it. What the rules decide is decided in activities; this function only branches.
 */
export async function retrain(input: unknown): Promise<RunResult> {
  const request = parseInput(RetrainInput, input, 'retrain')
  const board = openBoard(request)

  const ruling = await quick.admit({ model: request.model, request: askFor(request) })
  if (ruling.kind !== 'admitted') {
    board.end('refused', ruling.reason)
    return { outcome: 'refused', reason: ruling.reason, model: request.model, run: null, version: null, report: null }
  }

  const at: RunAt = { model: request.model, run: ruling.run }
  board.admitted(at.run)
  try {
    return await close(at, await episode(at, request, board), board)
  } catch (thrown) {
    await close(at, endingOf(thrown), board)
    throw thrown
  }
}

/** The loop itself: ingest, decide, train, examine, register, approve, promote. */
async function episode(at: RunAt, request: RetrainInput, board: RunBoard): Promise<Ending> {
  const plan = await quick.planRun({ ...at, request, workflowId: workflowInfo().workflowId })

  board.enter('ingest')
  const left = plan.inherited.includes('ingest') ? [] : await ingestAll(at, plan.asksForLabels === true, board)
  board.note('ingest', (await quick.sumUpIngest({ ...at, left })).text)

  board.enter('decide')
  const decision = await rows.decide(at)
  board.note('decide', decision.text)
  if (decision.verdict === 'none') return { outcome: 'notNeeded', reason: decision.text }

  board.enter('select')
  const selection = await rows.select(at)
  board.note('select', selection.text)
  if (!selection.isEnough) return { outcome: 'notNeeded', reason: selection.text }

  board.enter('train')
  const candidate = await train(at, plan.trainingTimeoutMinutes)
  board.note('train', candidate.text)

  for (let round = 1; round <= MOST_JUDGEMENTS; round++) {
    const ending = await examineAndPromote(at, round, board)
    if (ending !== 'championMoved') return ending
  }
  return { outcome: 'rejected', reason: `the champion moved during each of ${MOST_JUDGEMENTS} judgements` }
}

/** What arrived, and what people answer when they are asked. Gives the paths of batches that are left for the next run. */
async function ingestAll(at: RunAt, asksForLabels: boolean, board: RunBoard): Promise<readonly string[]> {
  const left = await ingestArrivals(at, board)
  return asksForLabels ? awaitAnswers(at, board, left) : left
}

/** Five attempts that fail in a row fail the run, unless it was the store that failed: a store is waited for. */
async function train(at: RunAt, timeoutMinutes: number) {
  for (let outages = 0; ; outages++) {
    try {
      return await training(timeoutMinutes).train(at)
    } catch (thrown) {
      if (!isOutage(thrown)) throw thrown
      await sleep(Math.min(LONGEST_PAUSE_MS, 5_000 * 2 ** outages))
    }
  }
}

/** Judges the candidate against the champion as it is now; promotes by compare-and-set on just that champion. */
async function examineAndPromote(at: RunAt, round: number, board: RunBoard): Promise<Ending | 'championMoved'> {
  board.enter('evaluate')
  const examined = await rows.evaluate({ ...at, round })
  board.judged(examined.verdict)
  board.note('evaluate', examined.text)
  if (examined.next === 'reject') return { outcome: 'rejected', reason: examined.text }

  board.enter('register')
  const { version } = await quick.register({ ...at, round })
  board.registered(version)

  if (examined.next === 'ask') {
    board.enter('approve')
    const approval = await awaitApproval(examined.expiresDays, board)
    await quick.keepApproval({ ...at, ...approval })
    board.note('approve', approval.text)
    if (approval.verdict !== 'approved') return { outcome: 'rejected', reason: approval.text }
  }

  board.enter('promote')
  return promote(at, round, board)
}

/** Moves the champion, then makes sure that it serves; the compensation is laid before the step that it undoes. */
async function promote(at: RunAt, round: number, board: RunBoard): Promise<Ending | 'championMoved'> {
  const wayBack = () => CancellationScope.nonCancellable(() => quick.restoreChampion({ ...at, round }))
  try {
    const promotion = await quick.promote({ ...at, round })
    board.note('promote', promotion.text)
    if (promotion.kind === 'stale') return 'championMoved'
    const serving = await rows.confirmServing({ ...at, round })
    if (serving.isServing) return { outcome: 'promoted', reason: promotion.text }
    await wayBack()
    return { outcome: 'rolledBack', reason: serving.text }
  } catch (thrown) {
    await wayBack()
    throw thrown
  }
}

/**
 * The end of every admitted run, which a cancellation does not stop: once it is on record the model is free for the next
 * run, and a report that cannot be written changes nothing about what happened.
 */
async function close(at: RunAt, ending: Ending, board: RunBoard): Promise<RunResult> {
  return CancellationScope.nonCancellable(async () => {
    board.enter('report')
    const { version } = await quick.recordEnd({ ...at, ...ending, stages: board.timings() })
    const [written] = await Promise.allSettled([
      quick.report(at),
      quick.tellEnded({ ...at, workflowId: workflowInfo().workflowId, outcome: ending.outcome }),
    ])
    if (written.status === 'rejected') board.note('report', `no report: ${reasonOf(written.reason)}`)
    board.end(ending.outcome, ending.reason)
    const report = written.status === 'fulfilled' ? written.value.report : null
    return { ...ending, ...at, version, report }
  })
}

const askFor = (request: RetrainInput): AdmitRequest => {
  const { model: _, trigger, reason, actor, ...input } = request
  const { workflowId, firstExecutionRunId, memo } = workflowInfo()
  // Whoever starts a run, it asks: one that the steward opened asks by the request that was admitted already.
  const id = typeof memo?.requestId === 'string' ? memo.requestId : firstExecutionRunId
  return { id, trigger, reason, actor, count: 1, workflowId, input }
}

const isOutage = (thrown: unknown): boolean =>
  thrown instanceof ActivityFailure &&
  thrown.cause instanceof ApplicationFailure &&
  thrown.cause.type === 'StoreUnavailable' &&
  thrown.cause.nonRetryable !== true

function endingOf(thrown: unknown): Ending {
  if (isCancellation(thrown)) return { outcome: 'cancelled', reason: 'cancelled by a person' }
  return { outcome: 'failed', reason: reasonOf(thrown) }
}

/** What an activity said that failed, or else what was thrown. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof ApplicationFailure ? thrown.cause : thrown
  return cause instanceof Error ? cause.message : String(cause)
}
