/** What the labels say since the last decision: counts, and the champion's answers on rows whose label is known. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PositionedCommit, Snapshot } from '../data/dataset/commit.js'
import { ofCommits, type Partition } from '../data/dataset/partition.js'
import { filesOfPartitions } from '../data/dataset/snapshot-rows.js'
import type { FeedPositions } from '../data/labels/answers.js'
import { findLabelNews, type KnownThen, type LabelNews } from '../data/labels/label-news.js'
import { isMature } from '../data/labels/labelled-rows.js'
import type { LabelCount } from '../decisions/evidence-input.js'
import { readStage } from '../ledger/run-ledger.js'
import type { Version } from '../registry/registry.js'
import type { ModelSpec } from '../spec/spec.js'
import type { Profile } from '../statistics/profile.js'
import { closeScorer, openScorer } from './packages.js'
import type { Life, Ports } from './ports.js'
import { type ScoredRows, scoreRows } from './scoring.js'

type LabelPorts = Pick<Ports, 'storage' | 'data' | 'openPredictor'>

/** What is looked at. */
export interface LabelOutlook {
  readonly spec: ModelSpec
  /** Event time that counts as now, ISO 8601. */
  readonly asOf: string
  readonly snapshot: Snapshot
  /** Commits that had arrived by then, and those of them that arrived since the last decision. */
  readonly seen: readonly PositionedCommit[]
  readonly live: readonly PositionedCommit[]
  /** Profile of the live rows; null without any. */
  readonly liveProfile: Profile | null
  readonly profiles: ReadonlyMap<number, Profile>
  readonly champion: Version
  /** Whether the champion is asked: there is something to compare its answers with. */
  readonly isAsked: boolean
  readonly changePoint: string | null
  readonly answers: FeedPositions
  readonly lastDecision: KnownThen
}

/** What the labels say. */
export interface LabelEvidence {
  /** The champion's scores of the live rows; null when it was not asked. */
  readonly liveScores: Float64Array | null
  /** Scores and labels, NaN while unknown, of all rows that performance is measured on; null when it was not asked. */
  readonly scored: { readonly labels: Float64Array; readonly scores: Float64Array } | null
  /** Labels of live rows; with feeds those verified labels that became known since the last decision. */
  readonly live: LabelCount | null
  readonly newLabelledRows: number
  readonly labelledRowsSinceChange: number | null
  /** With feeds: weak labels that became known since the last decision, and earlier rows whose label became known. */
  readonly weakLabels?: LabelCount
  readonly answeredRows?: number
}

/** Of labels that come with their rows: they are counted in the profiles. */
export async function labelsOfRows(ports: LabelPorts, outlook: LabelOutlook, life: Life): Promise<LabelEvidence> {
  const { spec, asOf, snapshot, seen, live, liveProfile, profiles, champion, changePoint } = outlook
  const commits = new Set(live.map(({ seq }) => seq))
  const partitions = ofCommits(snapshot.partitions, (seq) => commits.has(seq))
  const label = `CASE WHEN ${isMature(spec, asOf)} THEN _label::INT END`
  const scored =
    liveProfile === null || !outlook.isAsked
      ? null
      : championScores(
          await askChampion(
            ports,
            champion,
            { files: await filesOfPartitions(ports.storage, partitions), partitions, label },
            life,
          ),
        )
  const count = (counts: (commit: PositionedCommit) => boolean) =>
    seen.filter(counts).reduce((sum, { seq }) => sum + (profiles.get(seq)?.label.known ?? 0), 0)
  return {
    liveScores: scored?.scores ?? null,
    scored,
    live: liveProfile?.label ?? null,
    newLabelledRows: count(({ seq }) => seq > champion.snapshot),
    labelledRowsSinceChange: changePoint === null ? null : count(({ to }) => to !== null && to >= changePoint),
  }
}

/** Of labels that may come later, by feeds: rows that were there before may have become known. */
export async function labelsOfFeeds(ports: LabelPorts, outlook: LabelOutlook, life: Life): Promise<LabelEvidence> {
  const { spec, asOf, snapshot, seen, champion, changePoint, answers, lastDecision } = outlook
  const folder = await mkdtemp(join(ports.data.scratchFolder, 'labels-'))
  try {
    const commits = new Set(seen.map(({ seq }) => seq))
    const news = await findLabelNews(ports.data, {
      ...{ spec, answers, asOf, changePoint, signal: life.signal },
      folder: outlook.isAsked ? folder : null,
      partitions: ofCommits(snapshot.partitions, (seq) => commits.has(seq)),
      sinceDecision: lastDecision,
      sinceChampion: await knownToChampion(ports, spec.model, champion),
    })
    const files = [news.live, news.answered].flatMap(({ file, rows }) => (rows === 0 ? [] : [file]))
    const asked = files.length > 0 ? await askChampion(ports, champion, { files, label: '_label::INT' }, life) : null
    return evidenceOf(news, asked === null ? null : championScores(asked))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function evidenceOf(news: LabelNews, scored: LabelEvidence['scored']): LabelEvidence {
  return {
    // The live rows come first.
    liveScores: scored === null || news.live.rows === 0 ? null : scored.scores.subarray(0, news.live.rows),
    scored,
    live: news.verified,
    newLabelledRows: news.newToChampion,
    labelledRowsSinceChange: news.sinceChange,
    weakLabels: news.weak,
    answeredRows: news.answeredRows,
  }
}

/** What was known when the champion was trained; nothing for champion zero, and no answers where its run is forgotten. */
async function knownToChampion({ storage }: LabelPorts, model: string, champion: Version): Promise<KnownThen> {
  const { run, snapshot, trainedThrough = null } = champion
  if (run === undefined) return { snapshot: 0, answers: {}, asOf: null }
  const ingested = await readStage<{ readonly answers?: FeedPositions }>(storage, model, run, 'ingest')
  const decided = await readStage<{ readonly evidence: { readonly asOf: string } }>(storage, model, run, 'decide')
  return { snapshot, answers: ingested?.answers ?? {}, asOf: decided?.evidence.asOf ?? trainedThrough }
}

async function askChampion(
  ports: LabelPorts,
  champion: Version,
  {
    files,
    partitions,
    label,
  }: { readonly files: readonly string[]; readonly partitions?: readonly Partition[]; readonly label: string },
  life: Life,
): Promise<ScoredRows> {
  const folder = await mkdtemp(join(ports.data.scratchFolder, 'champion-'))
  const scorer = await openScorer(ports, champion.package, join(folder, 'package'))
  try {
    return await scoreRows(ports.data, {
      files,
      partitions,
      label,
      scorers: { champion: scorer },
      signal: life.signal,
      progress: (rows) => life.show({ rows }),
    })
  } finally {
    await closeScorer(scorer)
    await rm(folder, { recursive: true, force: true })
  }
}

function championScores({ labels, scores }: ScoredRows): LabelEvidence['scored'] {
  const { champion } = scores
  return champion === undefined ? null : { labels, scores: champion }
}
