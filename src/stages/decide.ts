/** Decision: what arrived is held against the champion, and the policy says nothing, a part, or all. */

import type { Snapshot } from '../data/dataset/commit.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { type FeedPositions, latestAnswer } from '../data/labels/answers.js'
import { decide as decideBy } from '../decisions/decide.js'
import type { Decision, Evidence } from '../decisions/decision.js'
import { metricDirection } from '../decisions/goal-metric.js'
import { decisionHistory, enterDecision } from '../ledger/decision-log.js'
import { keepStage } from '../ledger/run-ledger.js'
import type { ModelSpec } from '../spec/spec.js'
import { putJson } from '../storage/objects.js'
import type { RetrainInput } from '../workflows/messages.js'
import { championOf } from './champion.js'
import { gatherEvidence } from './gather-evidence.js'
import type { IngestSummary } from './ingestion.js'
import type { Life, Ports, RunAt } from './ports.js'
import { readingRows } from './reading-rows.js'
import { openPlan } from './run-plan.js'
import { stageOf } from './stage-output.js'

/** What a decision left behind. */
export interface DecideOutput {
  readonly text: string
  readonly verdict: Decision['verdict']
  readonly decision: Decision
  readonly evidence: Evidence
  /** Position of the dataset's log up to which all was looked at. */
  readonly snapshot: number
  /** As `snapshot`, of the feeds of labels. */
  readonly answers?: FeedPositions | undefined
  readonly champion: { readonly version: number }
}

type DecidePorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openPredictor' | 'openTrainer' | 'now'>

/** Decides, and enters the decision into the model's log. */
export async function decide(ports: DecidePorts, at: RunAt, life: Life): Promise<DecideOutput> {
  const { storage } = ports
  const output = await keepStage(storage, { ...at, stage: 'decide' }, async () => {
    const { spec } = (await openPlan(storage, at)).revision
    return readingRows(storage, spec, () => look(ports, at, life))
  })
  const { decision, evidence, snapshot, answers } = output
  await enterDecision(storage, at.model, {
    run: at.run,
    asOf: evidence.asOf,
    snapshot,
    answers,
    decision,
    majorColumns: evidence.features.filter(({ level }) => level === 'major').map(({ column }) => column),
    evidence: await putJson(storage, `runs/${at.model}/${at.run}/evidence`, evidence),
  })
  return output
}

async function look(ports: DecidePorts, at: RunAt, life: Life): Promise<DecideOutput> {
  const { storage, data, openTrainer } = ports
  const { plan, revision } = await openPlan(storage, at)
  const { spec } = revision
  const ingested = await stageOf<IngestSummary>(storage, at, 'ingest')
  const snapshot = await openSnapshot(data, at.model, ingested.snapshot)
  const { version: champion } = await championOf(ports.registry, at.model)
  const { answers } = ingested
  const lastAnswer = await latestAnswer(data, spec, answers ?? {})
  const asOf = pastDay(plan.request) ?? nowBy(spec, snapshot, ports.now(), lastAnswer)
  const isPastDay = plan.request.asOf !== undefined
  const history = await decisionHistory(storage, at.model, isPastDay ? { asOf } : {})
  const evidence = await gatherEvidence(ports, { spec, asOf, snapshot, answers, champion, history }, life)
  const decision = decideBy(evidence, {
    policy: spec.policy,
    metricDirection: metricDirection(spec.goal.metric),
    history,
    trainerCan: openTrainer(revision).can,
    trainingHourPrice: spec.goal.trainingHourPrice,
    ...askedFor(plan.request),
  })
  return {
    text: decision.reasons[0] ?? decision.rule,
    verdict: decision.verdict,
    decision,
    evidence,
    snapshot: isPastDay ? positionBefore(snapshot, asOf) : snapshot.seq,
    answers,
    champion: { version: champion.version },
  }
}

/** On a past day later rows had not arrived: what is committed from the first of them on is left to the next decision. */
function positionBefore({ seq, commits }: Snapshot, asOf: string): number {
  const first = commits.find(({ to }) => to !== null && to > asOf)
  return first === undefined ? seq : first.seq - 1
}

/**
 * The event time that counts as now, by the spec's clock: the wall clock, or the last that is known to have happened, be it an
 * event or an answer about one. ISO 8601, UTC.
 */
export function nowBy({ data }: ModelSpec, snapshot: Snapshot, wallClock: Date, lastAnswer = ''): string {
  const times = [lastAnswer, ...snapshot.commits.map(({ to }) => to ?? '')]
  const lastEvent = times.sort().at(-1) ?? ''
  return data.clock === 'lastEvent' && lastEvent !== '' ? lastEvent : wallClock.toISOString()
}

/** The past day that a run was asked to work on, ISO 8601, UTC. */
const pastDay = ({ asOf }: RetrainInput): string | undefined =>
  asOf === undefined ? undefined : new Date(`${asOf.replace('Z', '')}Z`).toISOString()

function askedFor({ force, trainFrom }: RetrainInput) {
  return force === undefined && trainFrom === undefined ? {} : { asked: { verdict: force, trainFrom } }
}
