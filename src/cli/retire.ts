import type { Command } from 'commander'
import { readConfig } from '../config.js'
import type { Retired } from '../data/upkeep/retire.js'
import { modelOf } from '../spec/datasets.js'
import { retireRows } from '../stages/upkeep/retire-rows.js'
import { openPorts } from '../wiring.js'
import { whoAsks } from './session.js'
import { type Answer, answers } from './verb.js'
import { whichDatasets } from './which-dataset.js'
import { countText, timeText } from './words.js'

/** `refit retire [MODEL]`: drop rows that are older than the spec keeps them. */
export function retireCommand(program: Command): void {
  const command = program
    .command('retire [model]')
    .description(
      'drop rows older than data.retentionDays, and answers about them, by whole partitions; without --yes only says which',
    )
    .option('--why <text>', 'why, for the record', 'data.retentionDays of the spec')
    .option('--yes', 'do it')
  answers<{ why: string; yes?: boolean }>(command, async ([named], { why, yes = false }) => {
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const found: RetiredOf[] = []
    for (const { spec } of await whichDatasets(ports.storage, named)) {
      const { model: dataset } = spec
      found.push({
        dataset,
        ...(await retireRows(ports, { model: modelOf(dataset), dataset, actor: whoAsks(), why, isDry: !yes })),
      })
    }
    return answerTo(found, yes)
  })
}

type RetiredOf = Retired & { readonly dataset: string }

const answerTo = (found: readonly RetiredOf[], isDone: boolean): Answer => ({
  json: { retired: found, isDry: !isDone },
  text: found.map((retired) => `"${retired.dataset}": ${textOf(retired)}`).join('\n'),
})

function textOf({ before, partitions, rows, from, to, entry }: Retired): string {
  const limit = `older than ${timeText(before)}`
  if (from === null || to === null) return `no partition is ${limit} as a whole.`
  const old = `${countText(rows, 'row')} in ${countText(partitions, 'partition')}, ${timeText(from)} to ${timeText(to)}`
  if (entry === null) return `${limit}: ${old}. Nothing was dropped; --yes drops them.`
  return `dropped by entry ${entry}: ${old}. Their bytes stay while a version or a run needs them; see \`refit gc\`.`
}
