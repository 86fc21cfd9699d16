import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { collectBatches } from '../data/collect.js'
import type { Receipt } from '../data/commit.js'
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
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const model = await whichModel(ports.storage, named)
    return verify ? answerTo(model, await verifyAccounting(ports.data, model)) : bringIn(ports, model)
  })
}

function answerTo(model: string, account: Accounting): Answer {
  const { holds, batches, unreadable, differences } = account
  const verdict = holds
    ? 'Every row is accounted for.'
    : `It does not hold:\n${differences.map((d) => `- ${d}`).join('\n')}`
  const text = `"${model}": ${batches} batches (${unreadable} unreadable, kept in quarantine), ${accountText(account)}. ${verdict}`
  return { json: { model, ...account }, text, exitCode: holds ? 0 : 1 }
}

/** The sum of an account in words. */
export function accountText({ rowsIn, kept, quarantined, duplicates, dropped, erased }: Accounting): string {
  const rare = [...(dropped > 0 ? [` + ${dropped} dropped`] : []), ...(erased > 0 ? [` + ${erased} erased`] : [])]
  return `${rowsIn} rows in = ${kept} kept + ${quarantined} quarantined + ${duplicates} duplicates${rare.join('')}`
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
    whyText(receipt),
  ])
  const text =
    rows.length === 0
      ? 'Nothing new arrived.'
      : table(['batch', 'in', 'kept', 'quarantined', 'duplicates', 'why'], rows)
  const isFine = ({ commit: { receipt } }: IngestedBatch) =>
    receipt.unreadable === undefined && receipt.stopped === undefined
  return {
    json: { commits: commits.map(({ seq, commit }) => ({ seq, ...commit })) },
    text,
    exitCode: commits.every(isFine) ? 0 : 1,
  }
}

function whyText({ unreadable, stopped, reasons }: Receipt): string {
  if (unreadable !== undefined) return unreadable
  const rules = Object.entries(reasons).map(([rule, count]) => `${rule} ${count}`)
  return `${stopped === undefined ? '' : 'stopped: '}${rules.join(', ')}`
}
