/** `refit quarantine`: what waits there, and how a person releases or drops it. */
import type { Command } from 'commander'
import type { Receipt, Snapshot } from '../data/dataset/commit.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import type { DataContext } from '../data/engine/context.js'
import {
  type QuarantinedRow,
  readWaitingRows,
  requireWaiting,
  type WaitingBatch,
  waitingBatches,
} from '../data/quarantine/quarantine.js'
import { type TakeOutcome, takeRows } from '../data/quarantine/take-rows.js'
import { openSession, whoAsks, wholeNumber } from './session.js'
import { table } from './table.js'
import { type Answer, answers } from './verb.js'
import { whichDataset, whichDatasets } from './which-dataset.js'
import { countText, numberText, withoutPath } from './words.js'

/** Registers the verbs. */
export function quarantineCommand(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('rows that broke a rule: look at them, release or drop them')
  listCommand(quarantine)
  showCommand(quarantine)
  takeCommand(quarantine, 'release', 'read rows again by the spec as it is now, and keep those that are sound')
  takeCommand(quarantine, 'drop', 'give rows up: they are counted as dropped and never come back')
}

function listCommand(quarantine: Command): void {
  const command = quarantine.command('list [model]').description('batches of which something waits')
  answers(command, async ([named]) => {
    const { storage, data } = await openSession()
    const looks: Look[] = []
    for (const { spec } of await whichDatasets(storage, named)) looks.push(await lookAt(data, spec.model))
    const [rows, ...feeds] = looks
    const full = looks.filter(({ waiting }) => waiting.length > 0)
    const texts = full.map(({ model, waiting }) => {
      const list = table(['batch', 'rows', 'why', 'from'], waiting.map(listRow))
      return model === rows?.model ? list : `${model}:\n${list}`
    })
    const json = { model: rows?.model, batches: rows?.waiting.map(toJson) }
    const more = feeds.map(({ model, waiting }) => [model, waiting.map(toJson)])
    return {
      json: feeds.length === 0 ? json : { ...json, feeds: Object.fromEntries(more) },
      text: full.length === 0 ? 'Nothing waits in quarantine.' : texts.join('\n\n'),
    }
  })
}

function showCommand(quarantine: Command): void {
  const command = quarantine
    .command('show <batch>')
    .description('what waits of a batch, with the first rows as they came')
    .option('--rows <number>', 'rows to show', '20')
    .option('--model <model>', 'the model, where there are several; MODEL/labels/FEED for answers of a feed')
  answers<{ rows: string; model?: string }>(command, async ([batch], options) => {
    const { data, model, snapshot } = await look(options.model)
    const found = requireWaiting(snapshot.commits, wholeNumber(batch, 'batch'))
    const rows = await readWaitingRows(data, found, wholeNumber(options.rows, 'row'))
    return { json: { model, ...toJson(found), sample: rows }, text: showText(found, rows) }
  })
}

function takeCommand(quarantine: Command, verb: 'release' | 'drop', description: string): void {
  const command = quarantine
    .command(`${verb} <batch>`)
    .description(description)
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--rule <rule>', 'only rows of this reason, or of all reasons of a column')
    .option('--model <model>', 'the model, where there are several; MODEL/labels/FEED for answers of a feed')
  answers<{ reason: string; rule?: string; model?: string }>(command, async ([batch], options) => {
    const of = wholeNumber(batch, 'batch')
    const { storage, data } = await openSession()
    const { spec, revision: specRevision } = await whichDataset(storage, options.model)
    const { model } = spec
    const { rule, reason: why } = options
    const outcome = await takeRows(data, { spec, specRevision, verb, of, rule, why, actor: whoAsks() })
    return answerTo({ model, of, verb }, outcome)
  })
}

/** What waits of one dataset. */
interface Look {
  readonly model: string
  readonly snapshot: Snapshot
  readonly waiting: readonly WaitingBatch[]
}

async function look(named: string | undefined) {
  const { storage, data } = await openSession()
  const { spec } = await whichDataset(storage, named)
  return { data, ...(await lookAt(data, spec.model)) }
}

async function lookAt(data: DataContext, model: string): Promise<Look> {
  const snapshot = await openSnapshot(data, model)
  return { model, snapshot, waiting: waitingBatches(snapshot.commits) }
}

const toJson = ({ commit, rows, reasons, unreadable }: WaitingBatch) => ({
  batch: commit.seq,
  path: commit.source.path,
  rows,
  reasons,
  unreadable,
  isStopped: commit.receipt.stopped !== undefined,
  specRevision: commit.specRevision,
})

const listRow = ({ commit, rows, reasons, unreadable }: WaitingBatch): readonly string[] => [
  String(commit.seq),
  // Of a batch that could not be read nobody knows the rows; an empty cell leaves the numbers to the right.
  unreadable === null ? String(rows) : '',
  unreadable === null ? reasonsText(reasons) : `unreadable: ${withoutPath(unreadable, commit.source.path)}`,
  commit.source.path,
]

const reasonsText = (reasons: Readonly<Record<string, number>>): string =>
  Object.entries(reasons)
    .sort(([, left], [, right]) => right - left)
    .map(([reason, rows]) => `${rows} × ${reason}`)
    .join('; ')

function showText({ commit, rows, reasons, unreadable }: WaitingBatch, sample: readonly QuarantinedRow[]): string {
  const { seq, source, specRevision, quarantine } = commit
  const head = `Batch ${seq}, ${source.path}, judged by revision ${specRevision} of the spec`
  if (unreadable !== null) return `${head}: ${unreadable}\nIts bytes are ${quarantine?.uri}.`
  const columns = Object.keys(sample[0]?.values ?? {})
  const lines = sample.map(({ row, line, reason, text, values }) => [
    String(row),
    line === null ? '' : String(line),
    reason,
    ...(text === null ? columns.map((name) => values[name] ?? '') : [text]),
  ])
  const more = rows > sample.length ? `\n${rows - sample.length} more rows: ${quarantine?.uri}` : ''
  return `${head}: ${countText(rows, 'row')}, ${reasonsText(reasons)}\n\n${table(['row', 'line', 'reason', ...columns], lines)}${more}`
}

function answerTo(
  { model, of, verb }: { readonly model: string; readonly of: number; readonly verb: 'release' | 'drop' },
  outcome: TakeOutcome,
): Answer {
  if (outcome.kind === 'nothing') {
    const text = `Nothing of batch ${of} was released: ${outcome.reason}. Correct the spec and apply it, or drop the rows.`
    return { json: { model, of, verb, outcome: 'nothing', reason: outcome.reason }, text, exitCode: 1 }
  }
  const { kind, seq, commit } = outcome
  const done = kind === 'known' ? ', as was done before' : ''
  const text = `Batch ${of} of "${model}": ${receiptText(commit.receipt)}; commit ${seq}${done}.`
  return { json: { model, of, verb, outcome: kind, seq, ...commit }, text }
}

function receiptText({ rowsIn, kept, quarantined, duplicates, dropped }: Receipt): string {
  const parts = [
    ...(kept > 0 ? [`${numberText(kept)} kept`] : []),
    ...(duplicates > 0 ? [countText(duplicates, 'duplicate')] : []),
    ...(quarantined > 0 ? [`${numberText(quarantined)} in quarantine still`] : []),
    ...(dropped > 0 ? [`${numberText(dropped)} dropped`] : []),
  ]
  return parts.length === 0 ? 'its bytes were given up' : `${countText(rowsIn, 'row')} = ${parts.join(' + ')}`
}
