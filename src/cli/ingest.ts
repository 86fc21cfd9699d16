import type { Command } from 'commander'
import { collectBatches } from '../data/collect.js'
import { ingestBatch } from '../data/ingest.js'
import { type Accounting, verifyAccounting } from '../data/verify.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import { checkPermissions } from '../permissions.js'
import { openSession, type Session, whichModel, whoAsks } from './session.js'
import { table } from './table.js'
import { type Answer, answers } from './verb.js'

/** `refit ingest [MODEL]`: bring in what arrived, or prove that every row is where the receipts say. */
export function ingestCommand(program: Command): void {
  const command = program
    .command('ingest [model]')
    .description('bring in what arrived; --verify proves that no row is lost')
    .option('--verify', 'recompute the account of every row from the stored bytes, and change nothing')
  answers<{ verify?: boolean }>(command, async ([named], { verify = false }) => {
    const session = await openSession()
    const model = await whichModel(session.storage, named)
    return verify ? answerTo(model, await verifyAccounting(session.data, model)) : bringIn(session, model)
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

async function bringIn({ storage, data, config }: Session, model: string): Promise<Answer> {
  const revision = await latestSpec(storage, model)
  checkPermissions(revision, config.allow)
  const { spec, folder, revision: specRevision } = revision
  const commits = []
  for (const source of await collectBatches(data, { spec, folder })) {
    commits.push(await ingestBatch(data, { spec, folder, specRevision, source, actor: whoAsks() }))
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
