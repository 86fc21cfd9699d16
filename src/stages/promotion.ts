/** From a passed examination to the champion: register, ask, move the alias, make sure it serves, and the way back. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { counted } from '../decisions/plain-numbers.js'
import { RefitError } from '../errors.js'
import { keepStage, readStage } from '../ledger/run-ledger.js'
import type { VersionRecord } from '../registry/registry.js'
import type { ModelSpec } from '../spec/spec.js'
import type { RollbackRequest } from '../workflows/messages.js'
import type { DecideOutput } from './decide.js'
import type { EvaluateOutput } from './evaluate.js'
import { closeScorer, openScorer } from './packages.js'
import type { Ports, RoundAt, RunAt } from './ports.js'
import { openPlan } from './run-plan.js'
import { scoreRows } from './scoring.js'
import type { SelectOutput } from './select.js'
import { requireUnerased, selectedFile } from './selected-rows.js'
import { inRound, stageOf } from './stage-output.js'
import type { TrainOutput } from './train.js'

/** What a registration left behind. */
export interface RegisterOutput {
  readonly version: number
}

/** What a person said, as it is kept. */
export interface ApprovalKept {
  readonly verdict: 'approved' | 'rejected' | 'expired'
  readonly actor: string
  readonly reason: string
  readonly at: string
}

/** What a promotion left behind. `stale`: the champion is not the one that was judged against. */
export interface PromoteOutput {
  readonly kind: 'moved' | 'stale'
  readonly text: string
  readonly from: number | null
  readonly to: number
  readonly aliasSeq: number
}

type PromotionPorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openPredictor' | 'now'>

/** Registers the candidate as a version, once, and points `challenger` at it. */
export async function register(ports: PromotionPorts, at: RoundAt): Promise<RegisterOutput> {
  const { storage, registry } = ports
  return keepStage(storage, { ...at, stage: 'register' }, async () => {
    const by = { id: `run-${at.run}`, actor: `run ${at.run}` }
    const { version } = await registry.register(at.model, await versionRecord(ports, at), by)
    const expectedSeq = (await registry.alias(at.model, 'challenger'))?.seq ?? 0
    const reason = `candidate of run ${at.run}`
    // A challenger that somebody else sets at this moment is theirs: nothing is judged against it.
    await registry.move(at.model, 'challenger', { ...by, to: version, expectedSeq, reason })
    return { version }
  })
}

/** Keeps what a person said about the candidate. */
export async function keepApproval(
  { storage, now }: PromotionPorts,
  { model, run, verdict, actor, reason }: RunAt & Omit<ApprovalKept, 'at'>,
): Promise<void> {
  const at = now().toISOString()
  await keepStage(storage, { model, run, stage: 'approve' }, async () => ({ verdict, actor, reason, at }))
}

/**
 * Moves `champion` to the candidate, if it still stands where it was judged against. Rejects with `RowsErased` when it learned from
 * rows that were erased since.
 */
export async function promote(ports: PromotionPorts, at: RoundAt): Promise<PromoteOutput> {
  return keepStage(ports.storage, { ...at, stage: inRound('promote', at.round) }, () => moveChampion(ports, at))
}

/** Undoes the promotion of this run, if it still stands. */
export async function restoreChampion({ storage, registry }: PromotionPorts, at: RoundAt): Promise<void> {
  const promotion = await readStage<PromoteOutput>(storage, at.model, at.run, inRound('promote', at.round))
  if (promotion?.kind !== 'moved' || promotion.from === null) return
  const actor = `run ${at.run}`
  const reason = `run ${at.run} could not make sure that version ${promotion.to} serves`
  const { from: to, aliasSeq: expectedSeq } = promotion
  await registry.move(at.model, 'champion', { id: `run-${at.run}-undo`, to, expectedSeq, actor, reason })
}

/** Moves the champion back because a person says so. */
export async function rollBack(
  { registry }: PromotionPorts,
  { model, request }: { readonly model: string; readonly request: RollbackRequest },
): Promise<{ readonly version: number }> {
  const current = await registry.alias(model, 'champion')
  if (current === undefined) throw new RefitError('NotFound', `Cannot roll back "${model}": it has no champion yet.`)
  const { id, actor, reason } = request
  const to = request.to ?? (await registry.history(model, 'champion')).at(-1)?.previous
  if (to === undefined) {
    const only = `version ${current.version} is its first champion`
    throw new RefitError('InvalidInput', `Cannot roll back "${model}": ${only}. Name a version to go to.`)
  }
  const outcome = await registry.move(model, 'champion', { id, to, expectedSeq: current.seq, actor, reason })
  if (outcome.kind === 'moved') return { version: outcome.position.version }
  throw new RefitError(
    'Conflict',
    `Cannot roll back "${model}": the champion moved at the same moment. Look, then ask again.`,
  )
}

async function versionRecord({ storage }: PromotionPorts, at: RoundAt): Promise<VersionRecord> {
  const { plan } = await openPlan(storage, at)
  const { snapshot } = await stageOf<DecideOutput>(storage, at, 'decide')
  const selected = await stageOf<SelectOutput>(storage, at, 'select')
  const trained = await stageOf<TrainOutput>(storage, at, 'train')
  const examined = await stageOf<EvaluateOutput>(storage, at, inRound('evaluate', at.round))
  return {
    package: trained.pack,
    run: at.run,
    specRevision: plan.specRevision,
    ...(trained.parent === null ? {} : { parent: trained.parent }),
    snapshot,
    ...(selected.from === null ? {} : { trainedFrom: selected.from }),
    ...(selected.to === null ? {} : { trainedThrough: selected.to }),
    trainingRows: trained.rows,
    reference: examined.reference,
    evidence: examined.evidence,
    metrics: examined.judgement.metrics.candidate,
  }
}

async function moveChampion({ storage, registry }: PromotionPorts, at: RoundAt): Promise<PromoteOutput> {
  const { version } = await stageOf<RegisterOutput>(storage, at, 'register')
  // An attempt that moved it and was lost is finished: the run must end as what it is.
  const isMoved = (await registry.alias(at.model, 'champion'))?.version === version
  if (!isMoved) await requireUnerased(storage, at)
  const { judgement, evidence, text } = await stageOf<EvaluateOutput>(storage, at, inRound('evaluate', at.round))
  const approval = await readStage<ApprovalKept>(storage, at.model, at.run, 'approve')
  const judged = judgement.champion
  const outcome = await registry.move(at.model, 'champion', {
    id: `run-${at.run}-${at.round}`,
    to: version,
    expectedSeq: judged.aliasSeq,
    actor: approval === undefined ? `run ${at.run}` : approval.actor,
    reason: approval === undefined ? text : `${approval.reason} (${text})`,
    evidence,
  })
  const common = { from: judged.version, to: version }
  if (outcome.kind === 'stale') {
    const now = outcome.current === undefined ? 'nothing' : `version ${outcome.current.version}`
    return { kind: 'stale', ...common, aliasSeq: judged.aliasSeq, text: `the champion moved meanwhile, to ${now}` }
  }
  await pinFirstAnchor({ registry }, at, version)
  const { seq } = outcome.position
  return {
    kind: 'moved',
    ...common,
    aliasSeq: seq,
    text: `version ${version} is champion, after version ${judged.version}`,
  }
}

/** The first trained champion becomes the anchor; only a person moves it later. */
async function pinFirstAnchor({ registry }: Pick<Ports, 'registry'>, at: RunAt, version: number): Promise<void> {
  if ((await registry.alias(at.model, 'anchor')) !== undefined) return
  const reason = 'first trained champion'
  await registry.move(at.model, 'anchor', { id: 'first', to: version, expectedSeq: 0, actor: `run ${at.run}`, reason })
}

/** Answers that differ by more than this are not those of the examined model. */
const SAME_SCORE = 1e-6

/** Opens the champion from the registry, as serving does, and compares its answers with the examined ones. */
export async function confirmServing(ports: PromotionPorts, at: RoundAt) {
  const { storage, registry, data } = ports
  const { version } = await stageOf<RegisterOutput>(storage, at, 'register')
  const examined = await stageOf<EvaluateOutput>(storage, at, inRound('evaluate', at.round))
  const champion = await registry.alias(at.model, 'champion')
  if (champion?.version !== version) {
    return { isServing: true, text: `version ${champion?.version} took over from version ${version} already` }
  }
  const folder = await mkdtemp(join(data.scratchFolder, 'confirm-'))
  try {
    const scorer = await openScorer(ports, (await registry.version(at.model, version)).package, join(folder, 'package'))
    const { spec } = (await openPlan(storage, at)).revision
    const scored = await scoreRows(data, {
      files: [await selectedFile(storage, at, examined.golden)],
      label: 'NULL::INT',
      scorers: { champion: scorer },
      atMost: examined.goldenScores.length,
    })
    await closeScorer(scorer)
    return compareWith(examined.goldenScores, scored.scores.champion, version, spec)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function compareWith(expected: readonly number[], found: Float64Array | undefined, version: number, spec: ModelSpec) {
  const worst = expected.reduce((most, score, i) => Math.max(most, Math.abs(score - (found?.[i] ?? Number.NaN))), 0)
  const isServing = worst <= SAME_SCORE
  const text = isServing
    ? `version ${version} of "${spec.model}" answers ${counted(expected.length, 'golden row')} as examined`
    : `version ${version} of "${spec.model}" answers golden rows differently from its examination, by up to ${worst}`
  return { isServing, text }
}
