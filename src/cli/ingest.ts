import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { collectBatches } from '../data/collect.js'
import { type IngestedBatch, ingestBatch } from '../data/ingest.js'
import { type Accounting, verifyAccounting } from '../data/verify.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import type { Ports } from '../stages/ports.js'
import { openPorts } from '../wiring.js'
import { whichModel, whoAsks } from './session.js'
import { table } from './table.js'
import { type Answer, answers } from './verb.js'

/** `refit ingest [MODEL]`: bring in what arrived, or prove that every row is where the receipts say. */
export function ingestCommand(program: Command): void {
  const command = program
    .command('ingest [model]')
    .description('bring in what arrived; --verify proves that no row is lost')
    .option('--verify', 'recompute the account of every row from the stored bytes, and change nothing')
  answers<{ verify?: boolean }>(command, async ([named], { verify = false }) => {
    const ports = await openPorts(readConfig(process.env))
    const model = await whichModel(ports.storage, named)
    return verify ? answerTo(model, await verifyAccounting(ports.data, model)) : bringIn(ports, model)
  })
}

function answerTo(model: string, account: Accounting): Answer {
  const { holds, batches, unreadable, rowsIn, kept, quarantined, duplicates, differences } = account
  const sum = `${rowsIn} rows in = ${kept} kept + ${quarantined} quarantined + ${duplicates} duplicates`
  const verdict = holds
    ? 'Every row is accounted for.'
    : `It does not hold:\n${differences.map((d) => `- ${d}`).join('\n')}`
  const text = `"${model}": ${batches} batches (${unreadable} unreadable, kept in quarantine), ${sum}. ${verdict}`
  return { json: { model, ...account }, text, exitCode: holds ? 0 : 1 }
}

/** Batches that one look at the source names. */
const PAGE = 100

async function bringIn({ storage, data, openSource }: Ports, model: string): Promise<Answer> {
  const { spec, folder, revision: specRevision } = await latestSpec(storage, model)
  const from = openSource({ spec, folder })
  const commits: IngestedBatch[] = []
  for (;;) {
    const { batches, isLast } = await collectBatches(data, { dataset: model, from, limit: PAGE })
    for (const source of batches) {
      const ingested = await ingestBatch(data, { spec, specRevision, from, source, actor: whoAsks() })
      if (ingested !== undefined) commits.push(ingested)
    }
    if (isLast || batches.length === 0) break
  }
  const rows = commits.map(({ commit: { source, receipt } }) => [
    source.path,
    String(receipt.rowsIn),
    String(receipt.kept),
    String(receipt.quarantined),
    String(receipt.duplicates),
    receipt.unreadable ??
      Object.entries(receipt.reasons)
        .map(([rule, count]) => `${rule} ${count}`)
        .join(', '),
  ])
  const text =
    rows.length === 0
      ? 'Nothing new arrived.'
      : table(['batch', 'in', 'kept', 'quarantined', 'duplicates', 'why'], rows)
  const isAllRead = commits.every(({ commit }) => commit.receipt.unreadable === undefined)
  return {
    json: { commits: commits.map(({ seq, commit }) => ({ seq, ...commit })) },
    text,
    exitCode: isAllRead ? 0 : 1,
  }
}
