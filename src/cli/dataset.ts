/** `refit dataset`: what a dataset holds, now or at an earlier position of its log. */
import type { Command } from 'commander'
import type { Snapshot } from '../data/dataset/commit.js'
import { type Partition, rowsIn, spanOf } from '../data/dataset/partition.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { waitingBatches } from '../data/quarantine/quarantine.js'
import { openSession, wholeNumber } from './session.js'
import { table } from './table.js'
import { type Answer, answers } from './verb.js'
import { whichDataset } from './which-dataset.js'
import { countText, sizeText, timeText } from './words.js'

/** Registers the verb. */
export function datasetCommand(program: Command): void {
  const dataset = program.command('dataset').description('what the dataset of a model holds')
  const command = dataset
    .command('show [model]')
    .description('partitions, rows and times, now or at an earlier position of the log')
    .option('--at <position>', 'number of an entry of the log, such as the snapshot of a registered version')
  answers<{ at?: string }>(command, async ([named], { at }) => {
    const { storage, data } = await openSession()
    const { spec } = await whichDataset(storage, named)
    const position = at === undefined ? undefined : wholeNumber(at, 'position')
    return answerTo(await openSnapshot(data, spec.model, position))
  })
}

function answerTo({ dataset, seq, commits, partitions, gone }: Snapshot): Answer {
  const parts = partitions.map(describe)
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const waiting = waitingBatches(commits).length
  const { from, to } = spanOf(partitions.flatMap(({ pieces }) => pieces))
  const lines = [
    `"${dataset}" at position ${seq}: ${countText(rows, 'row')} in ${countText(parts.length, 'partition')}${span(from, to)}; ` +
      `of ${countText(waiting, 'batch', 'batches')} something waits in quarantine.`,
    ...(gone.erased > 0 ? [`Erased since, and not among them: ${countText(gone.erased, 'row')}.`] : []),
    ...(gone.dropped > 0 ? [`Too old since, and removed: ${countText(gone.dropped, 'row')}.`] : []),
    ...(parts.length === 0 ? [] : ['', table(['entry', 'commits', 'rows', 'from', 'to', 'size'], parts.map(row))]),
  ]
  return { json: { dataset, position: seq, rows, from, to, waiting, gone, partitions: parts }, text: lines.join('\n') }
}

const span = (from: string | null, to: string | null): string =>
  from === null || to === null ? '' : `, ${timeText(from)} to ${timeText(to)}`

const describe = (partition: Partition) => ({
  entry: partition.entry,
  commits: partition.pieces.map(({ commit }) => commit),
  rows: rowsIn(partition),
  ...spanOf(partition.pieces),
  object: partition.object.uri,
  bytes: partition.object.bytes,
})

const row = ({ entry, commits, rows, from, to, bytes }: ReturnType<typeof describe>): readonly string[] => [
  String(entry),
  commits.length === 1 ? '1' : `${commits.length}: ${commits[0]} … ${commits.at(-1)}`,
  String(rows),
  timeText(from ?? ''),
  timeText(to ?? ''),
  sizeText(bytes),
]
