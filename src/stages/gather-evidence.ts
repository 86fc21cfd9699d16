/** Gathers what evidence is assembled from: profiles of what arrived, and the champion's answers on it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PositionedCommit, Snapshot } from '../data/commit.js'
import { decidedCommits } from '../data/quarantine.js'
import { loadProfiles } from '../data/snapshot.js'
import { assembleEvidence } from '../decisions/assemble-evidence.js'
import type { DecisionHistory, Evidence } from '../decisions/decision.js'
import type { EvidenceInput } from '../decisions/evidence-input.js'
import { recoveryFrom } from '../decisions/retrain-rules/recovery.js'
import type { Version } from '../registry/registry.js'
import type { ModelSpec } from '../spec/spec.js'
import { mergeProfiles } from '../statistics/merge-profiles.js'
import type { Profile } from '../statistics/profile.js'
import { countScores } from '../statistics/score-bins.js'
import { objectFile, readJson } from '../storage/objects.js'
import { closeScorer, openScorer } from './packages.js'
import type { Life, Ports } from './ports.js'
import type { Reference } from './reference.js'
import { type ScoredRows, scoreRows } from './scoring.js'

type GatherPorts = Pick<Ports, 'storage' | 'data' | 'openPredictor'>

/** What is looked at, and from where. */
export interface Outlook {
  readonly spec: ModelSpec
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  readonly snapshot: Snapshot
  readonly champion: Version
  readonly history: DecisionHistory & { readonly snapshot: number }
}

/** Evidence on what arrived since the last decision. */
export async function gatherEvidence(ports: GatherPorts, outlook: Outlook, life: Life): Promise<Evidence> {
  const { spec, asOf, snapshot, champion, history } = outlook
  const seen = snapshot.commits.filter(({ to }) => to === null || to <= asOf)
  const live = seen.filter(({ seq }) => seq > history.snapshot)
  const profiles = new Map(await profilesOf(ports, seen))
  const reference = await referenceOf(ports, champion)
  const liveProfile = mergedProfile(live, profiles)
  const scored = liveProfile === null || reference === null ? null : await askChampion(ports, outlook, live, life)
  const changePoint = recoveryFrom(history)
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
    scores: scoreCounts(reference, scored),
    labels:
      reference === null || liveProfile === null ? null : { reference: reference.labels, live: liveProfile.label },
    newLabelledRows: labelledRows(seen, profiles, ({ seq }) => seq > champion.snapshot),
    labelledRowsSinceChange:
      changePoint === null ? null : labelledRows(seen, profiles, ({ to }) => to !== null && to >= changePoint),
    performance: performanceInput(reference, scored, champion),
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

const labelledRows = (
  commits: readonly PositionedCommit[],
  profiles: ReadonlyMap<number, Profile>,
  counts: (commit: PositionedCommit) => boolean,
): number => commits.filter(counts).reduce((sum, { seq }) => sum + (profiles.get(seq)?.label.known ?? 0), 0)

async function referenceOf({ storage }: GatherPorts, { reference }: Version): Promise<Reference | null> {
  if (reference === undefined) return null
  // The object was written by `evaluate` from a `Reference`, and its digest is verified on reading.
  return (await readJson(storage, reference)) as Reference
}

async function askChampion(
  ports: GatherPorts,
  { spec, asOf, champion }: Outlook,
  live: readonly PositionedCommit[],
  life: Life,
): Promise<ScoredRows> {
  const folder = await mkdtemp(join(ports.data.scratchFolder, 'champion-'))
  const scorer = await openScorer(ports, champion.package, join(folder, 'package'))
  try {
    const partitions = live.flatMap(({ partition }) => (partition === undefined ? [] : [partition]))
    return await scoreRows(ports.data, {
      files: await Promise.all(partitions.map((ref) => objectFile(ports.storage, ref))),
      label: knownLabel(spec, asOf),
      scorers: { champion: scorer },
      signal: life.signal,
      progress: (rows) => life.show({ rows }),
    })
  } finally {
    await closeScorer(scorer)
    await rm(folder, { recursive: true, force: true })
  }
}

/** A label counts as known from its delay after the event on. `asOf` is ISO 8601 and comes from a checked input. */
function knownLabel({ data }: ModelSpec, asOf: string): string {
  const delaySeconds = Math.round(data.label.delayDays * 86_400)
  return `CASE WHEN _time + to_seconds(${delaySeconds}) <= TIMESTAMP '${asOf.replace('Z', '')}' THEN _label::INT END`
}

function scoreCounts(reference: Reference | null, scored: ScoredRows | null): EvidenceInput['scores'] {
  const scores = scored?.scores.champion
  if (reference === null || scores === undefined) return null
  const { edges, counts } = reference.scores
  return { referenceCounts: counts, liveCounts: countScores(scores, edges).counts }
}

function performanceInput(
  reference: Reference | null,
  scored: ScoredRows | null,
  champion: Version,
): EvidenceInput['performance'] {
  const scores = scored?.scores.champion
  if (scored === null || scores === undefined || reference === null || reference.performance === null) return null
  const { metric, value, rows } = reference.performance
  const { labels } = scored
  return { metric, reference: { value, rows }, live: { labels, scores, threshold: champion.package.threshold } }
}
