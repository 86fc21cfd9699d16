import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { type Accounting, verifyAccounting } from '../data/verify/verify.js'
import type { NumberedRevision } from '../ledger/spec-revisions.js'
import type { Ports } from '../stages/ports.js'
import { openPorts } from '../wiring.js'
import { type BroughtIn, bringInAll, type TellPage } from './bring-in.js'
import { ingestText } from './ingest-text.js'
import { whoAsks } from './session.js'
import { type Progress, showProgress } from './terminal.js'
import { type Answer, answers } from './verb.js'
import { whichDatasets } from './which-dataset.js'
import { countText, numberText } from './words.js'

/** `refit ingest [MODEL]`: bring in what arrived, or prove that every row is where the receipts say. */
export function ingestCommand(program: Command): void {
  const command = program
    .command('ingest [model]')
    .description('bring in what arrived; --verify proves that no row is lost')
    .option('--verify', 'recompute the account of every row from the stored bytes, and change nothing')
  answers<{ verify?: boolean }>(command, async ([named], { verify = false, json = false }) => {
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const answered: [string, Answer][] = []
    for (const revision of await whichDatasets(ports.storage, named)) {
      const dataset = revision.spec.model
      const answer = verify
        ? answerTo(dataset, await verifyAccounting(ports.data, dataset))
        : await bringIn(ports, revision, json)
      answered.push([dataset, answer])
    }
    return joined(answered)
  })
}

async function bringIn(ports: Ports, revision: NumberedRevision, isQuiet: boolean): Promise<Answer> {
  const progress = isQuiet ? undefined : showProgress('ingest')
  const tell = progress && tellPages(progress)
  const found = await bringInAll(ports, revision, { actor: whoAsks(), tell }).finally(() => progress?.stop())
  return broughtIn(revision.spec.model, found)
}

/** One answer of several datasets: that of the rows, with those of the feeds of labels below. */
function joined([first, ...feeds]: readonly (readonly [dataset: string, Answer])[]): Answer {
  if (first === undefined) throw new Error('A model has one dataset at the least')
  const [, rows] = first
  if (feeds.length === 0) return rows
  const all = [rows, ...feeds.map(([, answer]) => answer)]
  return {
    json: { ...rows.json, feeds: Object.fromEntries(feeds.map(([dataset, { json }]) => [dataset, json])) },
    text: [
      rows.text,
      ...feeds.map(([dataset, { text }]) => (text.startsWith('"') ? text : `${dataset}:\n${text}`)),
    ].join('\n'),
    exitCode: all.every(({ exitCode }) => exitCode === 0) ? 0 : 1,
  }
}

/** Nobody needs to be told of the progress of what is done in a moment. */
const FEW_BATCHES = 10

function tellPages({ update }: Progress): TellPage {
  return ({ done, known, isLast, path }) => {
    if (isLast && known < FEW_BATCHES) return
    // Of a page that is not the last one nobody knows yet what share of the whole it is.
    update(isLast ? done / known : 0, `${done} batches in${isLast ? '' : ', more wait'}: ${path}`)
  }
}

function broughtIn(model: string, found: BroughtIn): Answer {
  const { commits, failed, spool = null } = found
  const isFine = commits.every(({ commit: { receipt } }) => receipt.unreadable === undefined && !receipt.stopped)
  return {
    json: { commits: commits.map(({ seq, commit }) => ({ seq, ...commit })), failed, spool },
    text: ingestText(model, found),
    exitCode: isFine && failed.length === 0 ? 0 : 1,
  }
}

function answerTo(model: string, account: Accounting): Answer {
  const { holds, batches, unreadable, differences } = account
  const verdict = holds
    ? 'Every row is accounted for.'
    : `It does not hold:\n${differences.map((d) => `- ${d}`).join('\n')}`
  const text = `"${model}": ${countText(batches, 'batch', 'batches')} (${numberText(unreadable)} unreadable, kept in quarantine), ${accountText(account)}. ${verdict}`
  return { json: { model, ...account }, text, exitCode: holds ? 0 : 1 }
}

/** The sum of an account in words. */
export function accountText({ rowsIn, kept, quarantined, duplicates, dropped, erased }: Accounting): string {
  const part = (rows: number, what: string) => `${numberText(rows)} ${what}`
  const rare = [...(dropped > 0 ? [part(dropped, 'dropped')] : []), ...(erased > 0 ? [part(erased, 'erased')] : [])]
  const usual = [part(kept, 'kept'), part(quarantined, 'quarantined'), countText(duplicates, 'duplicate')]
  return `${countText(rowsIn, 'row')} in = ${[...usual, ...rare].join(' + ')}`
}
