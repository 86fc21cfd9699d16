/** The answers that came by the feeds of a model: which are there at given positions of their logs, as local files. */
import { feedDataset, feedsOf } from '../../spec/datasets.js'
import type { LabelFeed } from '../../spec/label-feed.js'
import type { ModelSpec } from '../../spec/spec.js'
import { datasetLog } from '../dataset/dataset-log.js'
import { DAY_MS } from '../dataset/day.js'
import type { Partition } from '../dataset/partition.js'
import { openSnapshot } from '../dataset/snapshot.js'
import { filesOfPartitions } from '../dataset/snapshot-rows.js'
import type { DataContext } from '../engine/context.js'

/** Position of the log of each feed, by its name; a feed that is not named has no answers yet. */
export type FeedPositions = Readonly<Record<string, number>>

/** The answers of one feed. */
export interface FeedAnswers {
  readonly name: string
  readonly feed: LabelFeed
  /** Where the answers are, and local files of these, in the same order. */
  readonly partitions: readonly Partition[]
  readonly files: readonly string[]
}

/** Where the logs of all feeds of a spec end now. */
export async function feedPositions({ storage }: DataContext, spec: ModelSpec): Promise<FeedPositions> {
  const heads = feedsOf(spec).map(async ([name]) => {
    const head = await datasetLog(storage, feedDataset(spec.model, name)).head()
    return [name, head?.seq ?? 0] as const
  })
  return Object.fromEntries(await Promise.all(heads))
}

/** The answers of all feeds of a spec, in the order of their names. None for a spec without feeds. */
export async function openAnswers(
  context: DataContext,
  spec: ModelSpec,
  positions: FeedPositions,
): Promise<readonly FeedAnswers[]> {
  const opened: FeedAnswers[] = []
  for (const [name, feed] of feedsOf(spec)) {
    const { partitions } = await openSnapshot(context, feedDataset(spec.model, name), positions[name] ?? 0)
    const files = await filesOfPartitions(context.storage, partitions)
    opened.push({ name, feed, partitions, files })
  }
  return opened
}

/** When the last answer became known, of all feeds up to their positions; ISO 8601, empty without any. */
export async function latestAnswer(context: DataContext, spec: ModelSpec, positions: FeedPositions): Promise<string> {
  const times: string[] = []
  for (const [name, feed] of feedsOf(spec)) {
    const { commits } = await openSnapshot(context, feedDataset(spec.model, name), positions[name] ?? 0)
    const last =
      commits
        .map(({ to }) => to ?? '')
        .sort()
        .at(-1) ?? ''
    times.push(last === '' || !isByDay(feed) ? last : new Date(Date.parse(last) + DAY_MS).toISOString())
  }
  return times.sort().at(-1) ?? ''
}

/** Whether a feed only says on which day an answer became known. Then it is known when the day is over. */
export const isByDay = ({ columns, time }: LabelFeed): boolean => columns[time]?.type === 'date'

/** All files of some answers, to be read by an instance. */
export const answerFiles = (answers: readonly FeedAnswers[]): readonly string[] => answers.flatMap(({ files }) => files)

/** How many commits up to a position kept rows: `_file` of their rows is below it. */
export const ordinalsUpTo = (partitions: readonly Partition[], position: number): number =>
  partitions
    .flatMap(({ pieces }) => pieces)
    .reduce((most, { commit, ordinal }) => (commit <= position ? Math.max(most, ordinal + 1) : most), 0)
