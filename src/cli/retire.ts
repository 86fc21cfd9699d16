import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { type Retired, retire } from '../data/upkeep/retire.js'
import { RefitError } from '../errors.js'
import { nowBy } from '../stages/decide.js'
import { openPorts } from '../wiring.js'
import { whoAsks } from './session.js'
import { type Answer, answers } from './verb.js'
import { whichDataset } from './which-dataset.js'
import { countText, timeText } from './words.js'

/** `refit retire [MODEL]`: drop rows that are older than the spec keeps them. */
export function retireCommand(program: Command): void {
  const command = program
    .command('retire [model]')
    .description('drop rows older than data.retentionDays, by whole partitions; without --yes only says which')
    .option('--why <text>', 'why, for the record', 'data.retentionDays of the spec')
    .option('--yes', 'do it')
  answers<{ why: string; yes?: boolean }>(command, async ([named], { why, yes = false }) => {
    const { storage, data, now } = await openPorts(readConfig(process.env), { mustExist: true })
    const { spec } = await whichDataset(storage, named)
    const { retentionDays } = spec.data
    if (retentionDays === undefined) {
      throw new RefitError(
        'InvalidInput',
        `Cannot retire rows of "${spec.model}": its spec keeps all of them. Name data.retentionDays, and apply it.`,
      )
    }
    const asOf = nowBy(spec, await openSnapshot(data, spec.model), now())
    const request = { dataset: spec.model, retentionDays, asOf, actor: whoAsks(), why, isDry: !yes }
    return answerTo(spec.model, await retire(data, request))
  })
}

function answerTo(dataset: string, retired: Retired): Answer {
  return { json: { dataset, ...retired }, text: `"${dataset}": ${textOf(retired)}` }
}

function textOf({ before, partitions, rows, from, to, entry }: Retired): string {
  const limit = `older than ${timeText(before)}`
  if (from === null || to === null) return `no partition is ${limit} as a whole.`
  const old = `${countText(rows, 'row')} in ${countText(partitions, 'partition')}, ${timeText(from)} to ${timeText(to)}`
  if (entry === null) return `${limit}: ${old}. Nothing was dropped; --yes drops them.`
  return `dropped by entry ${entry}: ${old}. Their bytes stay while a version or a run needs them; see \`refit gc\`.`
}
