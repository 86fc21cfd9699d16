import type { Command } from 'commander'
import { compact, type MergedPartition } from '../data/upkeep/compact.js'
import { openSession, whoAsks, wholeNumber } from './session.js'
import { type Answer, answers } from './verb.js'
import { whichDatasets } from './which-dataset.js'
import { countText, sizeText } from './words.js'

const MEGABYTE = 1024 * 1024

/** A partition that is dropped for its age as a whole should not be kept for long by its youngest row. */
const SPANS_OF_RETENTION = 12

/** `refit compact [MODEL]`: few large partitions instead of many small ones. Harmless, so it asks nobody. */
export function compactCommand(program: Command): void {
  const command = program
    .command('compact [model]')
    .description('merge small partitions into larger ones; nothing that is read changes')
    .option('--target-mb <size>', 'size of a merged partition, in megabytes', '128')
    .option('--why <text>', 'why, for the record', 'many small partitions')
    .option('--dry-run', 'say what would be merged, and change nothing')
  answers<{ targetMb: string; why: string; dryRun?: boolean }>(command, async ([named], options) => {
    const { storage, data } = await openSession()
    const { why, dryRun: isDry = false } = options
    const targetBytes = wholeNumber(options.targetMb, 'megabyte') * MEGABYTE
    const found: (MergedPartition & { readonly dataset: string })[] = []
    for (const { spec } of await whichDatasets(storage, named)) {
      const { retentionDays } = spec.data
      const maxSpanDays = retentionDays === undefined ? undefined : Math.max(1, retentionDays / SPANS_OF_RETENTION)
      const request = { dataset: spec.model, actor: whoAsks(), why, targetBytes, maxSpanDays, isDry }
      found.push(...(await compact(data, request)).map((merged) => ({ dataset: spec.model, ...merged })))
    }
    return answerTo(found, isDry)
  })
}

function answerTo(found: readonly (MergedPartition & { readonly dataset: string })[], isDry: boolean): Answer {
  const lines = found.map(({ dataset, of, rows, bytesBefore, entry, bytes }) => {
    const result = bytes === null ? 'would become one' : `are one of ${sizeText(bytes)}, entry ${entry}`
    return `"${dataset}": ${countText(of.length, 'partition')} of ${countText(rows, 'row')} and ${sizeText(bytesBefore)} ${result}.`
  })
  const after = isDry || found.length === 0 ? [] : ['What they replace stays until `refit gc --yes` collects it.']
  return {
    json: { merged: found, isDry },
    text: found.length === 0 ? 'Nothing to merge.' : [...lines, ...after].join('\n'),
  }
}
