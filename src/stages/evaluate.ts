/** Examination: the candidate, the champion and the baseline on the very same holdout rows, judged by the gates. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bins, readBins } from '../data/profile/bins.js'
import { profileFile } from '../data/profile/profile.js'
import type { Contender } from '../decisions/goal-metric.js'
import { judge } from '../decisions/judge.js'
import type { Judgement, Verdict } from '../decisions/verdict.js'
import { keepStage } from '../ledger/run-ledger.js'
import type { NumberedRevision } from '../ledger/spec-revisions.js'
import type { ModelPackage } from '../predictor/package.js'
import type { Version } from '../registry/registry.js'
import type { ModelSpec } from '../spec/spec.js'
import { type ObjectRef, putJson } from '../storage/objects.js'
import { checkArtifact } from './artifact-check.js'
import { championOf } from './champion.js'
import { baselinePackage, closeScorer, openScorer, type Scorer } from './packages.js'
import type { Life, Ports, RoundAt } from './ports.js'
import { buildReference } from './reference.js'
import { openPlan } from './run-plan.js'
import { type ScoredRows, scoreRows } from './scoring.js'
import type { SelectOutput } from './select.js'
import { selectedFile } from './selected-rows.js'
import { inRound, stageOf } from './stage-output.js'
import { type TrainOutput, thresholdOf } from './train.js'

/** What an examination left behind. */
export interface EvaluateOutput {
  readonly text: string
  readonly verdict: Verdict
  /** What follows: promotion, a person's word, or the end. */
  readonly next: 'promote' | 'ask' | 'reject'
  readonly expiresDays: number
  readonly judgement: Judgement
  readonly evidence: ObjectRef
  /** What drift of this candidate will be measured against, should it be promoted. */
  readonly reference: ObjectRef
  /** Rows whose scores serving must reproduce: the first of this file. */
  readonly golden: ObjectRef
  readonly goldenScores: readonly number[]
}

type EvaluatePorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openPredictor'>

/** Scores that are kept to compare serving with. */
const GOLDEN_ROWS = 100

/** Examines the candidate against the champion as it is now. */
export async function evaluate(ports: EvaluatePorts, at: RoundAt, life: Life): Promise<EvaluateOutput> {
  return keepStage(ports.storage, { ...at, stage: inRound('evaluate', at.round) }, async () => {
    const folder = await mkdtemp(join(ports.data.scratchFolder, `evaluate-${at.model}-${at.run}-`))
    try {
      return await examine(folder, ports, at, life)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}

async function examine(folder: string, ports: EvaluatePorts, at: RoundAt, life: Life): Promise<EvaluateOutput> {
  const { storage, data } = ports
  const { revision } = await openPlan(storage, at)
  const { spec } = revision
  const selected = await stageOf<SelectOutput>(storage, at, 'select')
  const { pack } = await stageOf<TrainOutput>(storage, at, 'train')
  const champion = await standingOf(ports, at.model)
  const holdout = await selectedFile(storage, at, selected.holdout)

  const scorers = await openContenders(ports, { spec, pack, champion, folder })
  try {
    const { maxSizeMb } = spec.deployment
    const { attempt } = life
    const artifact = await checkArtifact(data, scorers.candidate, { file: holdout, maxSizeMb, attempt })
    // A candidate that does not answer is judged on no rows: the gates say why.
    const scored = await scoreRows(data, {
      files: artifact.loads ? [holdout] : [],
      label: 'label',
      scorers,
      signal: life.signal,
      progress: (rows) => life.show({ rows }),
    })
    const contender = (name: keyof typeof scorers): Contender | null => {
      const [scorer, scores] = [scorers[name], scored.scores[name]]
      return scorer === undefined || scores === undefined ? null : { scores, threshold: scorer.pack.threshold }
    }
    const anchor = contender('anchor')
    const judgement = judge({
      labels: scored.labels,
      candidate: contenderOf(scored, 'candidate', scorers.candidate),
      baseline: contenderOf(scored, 'baseline', scorers.baseline),
      champion: contender('champion'),
      ...(anchor === null ? {} : { anchor }),
      gates: spec.gates,
      goalMetric: spec.goal.metric,
      businessMetric: spec.businessMetric,
      artifact,
      championPosition: { version: champion.version.version, aliasSeq: champion.aliasSeq },
      seed: spec.trainer.seed,
    })
    return conclude(ports, at, revision, { judgement, selected, scored, threshold: pack.threshold })
  } finally {
    await Promise.all(Object.values(scorers).map(closeScorer))
  }
}

interface Contenders {
  readonly candidate: Scorer
  readonly baseline: Scorer
  readonly champion?: Scorer
  readonly anchor?: Scorer
}

/** Opens everybody who is compared: champion zero is the baseline itself, and an anchor that is champion is asked once. */
async function openContenders(
  ports: EvaluatePorts,
  given: {
    readonly spec: ModelSpec
    readonly pack: ModelPackage
    readonly champion: Standing
    readonly folder: string
  },
): Promise<Contenders & Record<string, Scorer>> {
  const { spec, pack, champion, folder } = given
  const open = (name: string, of: ModelPackage) => openScorer(ports, of, join(folder, name))
  return {
    candidate: await open('candidate', pack),
    baseline: await open('baseline', baselinePackage(spec, thresholdOf(spec))),
    ...(champion.isBaseline ? {} : { champion: await open('champion', champion.version.package) }),
    ...(champion.anchor === undefined ? {} : { anchor: await open('anchor', champion.anchor.package) }),
  }
}

/** The champion with the token of the compare-and-set, and the anchor where it is another version. */
interface Standing {
  readonly version: Version
  readonly aliasSeq: number
  readonly isBaseline: boolean
  readonly anchor: Version | undefined
}

async function standingOf({ registry }: EvaluatePorts, model: string): Promise<Standing> {
  const { version, position } = await championOf(registry, model)
  const pinned = await registry.alias(model, 'anchor')
  const isOther = pinned !== undefined && pinned.version !== version.version
  return {
    version,
    aliasSeq: position.seq,
    isBaseline: version.run === undefined,
    anchor: isOther ? await registry.version(model, pinned.version) : undefined,
  }
}

function contenderOf({ scores }: ScoredRows, name: string, { pack }: Scorer): Contender {
  const found = scores[name]
  if (found === undefined) throw new Error(`No scores of the ${name}`)
  return { scores: found, threshold: pack.threshold }
}

async function conclude(
  { storage, data }: EvaluatePorts,
  at: RoundAt,
  { spec }: NumberedRevision,
  found: {
    readonly judgement: Judgement
    readonly selected: SelectOutput
    readonly scored: ScoredRows
    readonly threshold: number
  },
): Promise<EvaluateOutput> {
  const { judgement, selected, scored, threshold } = found
  const scores = scored.scores.candidate ?? new Float64Array()
  const training = await selectedFile(storage, at, selected.training)
  const profile = await profileFile(data, { spec, file: training, bins: await newestBins(storage, at.model) })
  // Shares of weak labels say little about the world: where there are such, live labels are held against verified ones.
  const labelled = selected.labels === undefined ? profile : { ...profile, label: selected.labels.verified }
  const reference = buildReference({
    profile: labelled,
    scores,
    labels: scored.labels,
    metric: spec.goal.metric,
    threshold,
  })
  return {
    text: textOf(judgement, spec.goal.metric),
    verdict: judgement.verdict,
    next: nextOf(judgement.verdict, spec),
    expiresDays: spec.approval.expiresDays,
    judgement,
    evidence: await putJson(storage, `runs/${at.model}/${at.run}/evidence`, judgement),
    reference: await putJson(storage, `datasets/${at.model}/references`, reference),
    golden: selected.holdout,
    goldenScores: [...scores.slice(0, GOLDEN_ROWS)],
  }
}

async function newestBins(storage: EvaluatePorts['storage'], model: string): Promise<Bins> {
  const bins = await readBins(storage, model)
  if (bins === undefined) throw new Error(`Dataset "${model}" has rows but no bins`)
  return bins
}

/** Only a pass promotes by itself; what is inconclusive needs a person, if the spec lets one decide. */
function nextOf(verdict: Verdict, { approval }: ModelSpec): EvaluateOutput['next'] {
  if (verdict === 'fail' || verdict === 'error') return 'reject'
  if (verdict === 'pass') return approval.required === 'always' ? 'ask' : 'promote'
  return approval.required === 'never' ? 'reject' : 'ask'
}

function textOf({ verdict, gates, metrics, champion }: Judgement, metric: string): string {
  const value = (values: Readonly<Record<string, number>>) => values[metric]?.toFixed(4) ?? 'unknown'
  const scores = `${metric} ${value(metrics.candidate)}, champion (version ${champion.version}) ${value(metrics.champion)}, baseline ${value(metrics.baseline)}`
  const because = gates.filter((gate) => gate.verdict !== 'pass').map(({ gate, text }) => `${gate}: ${text}`)
  // What a gate says is a sentence, or several.
  return because.length === 0 ? `${verdict}: ${scores}` : [`${verdict}: ${scores}.`, ...because].join(' ')
}
