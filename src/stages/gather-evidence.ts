/** Gathers what evidence is assembled from: profiles of what arrived, and the champion's answers on it. */

import type { PositionedCommit, Snapshot } from '../data/dataset/commit.js'
import { loadProfiles } from '../data/dataset/snapshot.js'
import type { FeedPositions } from '../data/labels/answers.js'
import { decidedCommits } from '../data/quarantine/quarantine.js'
import { assembleEvidence } from '../decisions/assemble-evidence.js'
import type { DecisionHistory, Evidence } from '../decisions/decision.js'
import type { EvidenceInput } from '../decisions/evidence-input.js'
import { recoveryFrom } from '../decisions/retrain-rules/recovery.js'
import type { Version } from '../registry/registry.js'
import { feedsOf } from '../spec/datasets.js'
import type { ModelSpec } from '../spec/spec.js'
import { mergeProfiles } from '../statistics/merge-profiles.js'
import type { Profile } from '../statistics/profile.js'
import { countScores } from '../statistics/score-bins.js'
import { readJson } from '../storage/objects.js'
import { type LabelEvidence, labelsOfFeeds, labelsOfRows } from './label-evidence.js'
import type { Life, Ports } from './ports.js'
import type { Reference } from './reference.js'

type GatherPorts = Pick<Ports, 'storage' | 'data' | 'openPredictor'>

/** What is looked at, and from where. */
export interface Outlook {
  readonly spec: ModelSpec
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  readonly snapshot: Snapshot
  /** Positions of the feeds' logs; no answers unless given. */
  readonly answers?: FeedPositions | undefined
  readonly champion: Version
  readonly history: PastLooks
}

/** The past decisions, and what they looked at for good. */
export interface PastLooks extends DecisionHistory {
  /** Position of the dataset's log. */
  readonly snapshot: number
  /** Positions of the feeds' logs, and the event time that counted as now, ISO 8601; null when nothing was looked at. */
  readonly answers: FeedPositions
  readonly asOf: string | null
}

/** Evidence on what arrived since the last decision. */
export async function gatherEvidence(ports: GatherPorts, outlook: Outlook, life: Life): Promise<Evidence> {
  const { spec, asOf, snapshot, champion, history, answers = {} } = outlook
  const seen = snapshot.commits.filter(({ to }) => to === null || to <= asOf)
  const live = seen.filter(({ seq }) => seq > history.snapshot)
  const profiles = new Map(await profilesOf(ports, seen))
  const reference = await referenceOf(ports, champion)
  const liveProfile = mergedProfile(live, profiles)
  const changePoint = recoveryFrom(history)
  const labelsBy = feedsOf(spec).length === 0 ? labelsOfRows : labelsOfFeeds
  const labels = await labelsBy(
    ports,
    {
      ...{ spec, asOf, snapshot, seen, live, liveProfile, profiles, champion, changePoint, answers },
      isAsked: reference !== null,
      lastDecision: { snapshot: history.snapshot, answers: history.answers, asOf: history.asOf },
    },
    life,
  )
  const decided = decidedCommits(snapshot.commits)
  return assembleEvidence({
    asOf,
    champion: {
      version: champion.version,
      isBaseline: champion.run === undefined,
      trainedThrough: champion.trainedThrough ?? null,
    },
    liveCommits: live.map((commit) => ({ ...commit, isDecided: decided.has(commit.seq) })),
    earlierRowsIn: seen
      .filter(({ seq, taken }) => seq <= history.snapshot && taken === undefined)
      .map(({ receipt }) => receipt.rowsIn),
    maxQuarantineShare: spec.data.maxQuarantineShare,
    reference: reference?.profile ?? null,
    live: liveProfile,
    scores: scoreCounts(reference, labels),
    labels: reference === null || labels.live === null ? null : { reference: reference.labels, live: labels.live },
    newLabelledRows: labels.newLabelledRows,
    labelledRowsSinceChange: labels.labelledRowsSinceChange,
    ...(labels.weakLabels === undefined ? {} : { weakLabels: labels.weakLabels }),
    ...(labels.answeredRows === undefined ? {} : { answeredRows: labels.answeredRows }),
    performance: performanceInput(reference, labels, champion),
    policy: spec.policy,
  })
}

async function profilesOf({ data }: GatherPorts, commits: readonly PositionedCommit[]) {
  const counted = commits.filter(({ profile }) => profile !== undefined)
  const loaded = await loadProfiles(data, counted)
  return counted.flatMap(({ seq }, i): [number, Profile][] => (loaded[i] === undefined ? [] : [[seq, loaded[i]]]))
}

function mergedProfile(commits: readonly PositionedCommit[], profiles: ReadonlyMap<number, Profile>): Profile | null {
  const found = commits.flatMap(({ seq }) => profiles.get(seq) ?? [])
  return found.length === 0 ? null : mergeProfiles(found)
}

async function referenceOf({ storage }: GatherPorts, { reference }: Version): Promise<Reference | null> {
  if (reference === undefined) return null
  // The object was written by `evaluate` from a `Reference`, and its digest is verified on reading.
  return (await readJson(storage, reference)) as Reference
}

function scoreCounts(reference: Reference | null, { liveScores }: LabelEvidence): EvidenceInput['scores'] {
  if (reference === null || liveScores === null) return null
  const { edges, counts } = reference.scores
  return { referenceCounts: counts, liveCounts: countScores(liveScores, edges).counts }
}

function performanceInput(
  reference: Reference | null,
  { scored }: LabelEvidence,
  champion: Version,
): EvidenceInput['performance'] {
  if (scored === null || reference === null || reference.performance === null) return null
  const { metric, value, rows } = reference.performance
  return { metric, reference: { value, rows }, live: { ...scored, threshold: champion.package.threshold } }
}
