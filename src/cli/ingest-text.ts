/** What `refit ingest` says of what came in. */
import type { Receipt } from '../data/dataset/commit.js'
import type { IngestedBatch } from '../data/ingestion/ingest.js'
import type { BroughtIn } from './bring-in.js'
import { table } from './table.js'
import { countText, numberText, withoutPath } from './words.js'

/** Batches that a table shows: more than that are not read. */
const MOST_SHOWN = 50
const HEADING = ['batch', 'in', 'kept', 'quarantined', 'duplicates', 'why']

/** A line for each batch, or for each that is not kept whole where there are many; then the sum, and what to do next. */
export function ingestText(model: string, { commits, failed, spool }: BroughtIn): string {
  return [
    ...(commits.length === 0 ? [] : [batchTable(commits), sumText(commits)]),
    ...(commits.length + failed.length === 0 ? ['Nothing new arrived.'] : []),
    ...failed.map(({ reason }) => `Left for the next time: ${reason}`),
    ...(spool === undefined ? [] : [`Pushes still wait in the spool. ${spool}`]),
    ...(commits.some(({ commit }) => waits(commit.receipt))
      ? [`See what is in quarantine with \`refit quarantine list ${model}\`.`]
      : []),
  ].join('\n')
}

function batchTable(commits: readonly IngestedBatch[]): string {
  const isMany = commits.length > MOST_SHOWN
  const told = isMany
    ? commits.filter(({ commit: { receipt } }) => receipt.kept < receipt.rowsIn || waits(receipt))
    : commits
  const rows = told
    .slice(0, MOST_SHOWN)
    .map(({ commit: { source, receipt } }) => [
      source.path,
      String(receipt.rowsIn),
      String(receipt.kept),
      String(receipt.quarantined),
      String(receipt.duplicates),
      whyText(source.path, receipt),
    ])
  const [left, whole] = [told.length - rows.length, commits.length - told.length]
  return [
    ...(rows.length === 0 ? [] : [table(HEADING, rows)]),
    ...(left > 0 ? [`and ${countText(left, 'batch', 'batches')} more like these; --json has all`] : []),
    ...(whole > 0 ? [`${countText(whole, 'batch was', 'batches were')} kept whole`] : []),
  ].join('\n')
}

function sumText(commits: readonly IngestedBatch[]): string {
  const sum = (part: 'rowsIn' | 'kept' | 'quarantined' | 'duplicates') =>
    commits.reduce((total, { commit: { receipt } }) => total + receipt[part], 0)
  const kept = `${numberText(sum('kept'))} kept + ${numberText(sum('quarantined'))} quarantined`
  const batches = countText(commits.length, 'batch', 'batches')
  return `${batches}: ${countText(sum('rowsIn'), 'row')} in = ${kept} + ${countText(sum('duplicates'), 'duplicate')}.`
}

const waits = ({ quarantined, unreadable }: Receipt): boolean => quarantined > 0 || unreadable !== undefined

function whyText(path: string, { unreadable, stopped, reasons }: Receipt): string {
  if (unreadable !== undefined) return `unreadable: ${withoutPath(unreadable, path)}`
  const rules = Object.entries(reasons).map(([rule, count]) => `${count} × ${rule}`)
  return `${stopped === undefined ? '' : 'stopped: '}${rules.join('; ')}`
}
