import type { Command } from 'commander'
import { readConfig } from '../config.js'
import type { Garbage } from '../data/upkeep/collect-garbage.js'
import { modelOf } from '../spec/datasets.js'
import { collectDataset } from '../stages/upkeep/collect.js'
import type { Leftover } from '../stages/upkeep/leftovers.js'
import { openPorts } from '../wiring.js'
import { whoAsks, wholeNumber } from './session.js'
import { table } from './table.js'
import { type Answer, answers } from './verb.js'
import { whichDatasets } from './which-dataset.js'
import { countText, sizeText } from './words.js'

type Found = (Garbage | Leftover) & { readonly dataset: string }

/** `refit gc [MODEL]`: objects that nobody needs. The only verb besides `erase` that removes any. */
export function gcCommand(program: Command): void {
  const command = program
    .command('gc [model]')
    .description(
      'remove objects of the dataset, and what runs and pushes left beside it, that nobody needs; without --yes only says which',
    )
    .option('--keep-days <days>', 'what was needed within so many days stays', '30')
    .option('--yes', 'remove them')
  answers<{ keepDays: string; yes?: boolean }>(command, async ([named], { keepDays, yes = false }) => {
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const found: Found[] = []
    for (const revision of await whichDatasets(ports.storage, named)) {
      const { spec } = revision
      const request = {
        model: modelOf(spec.model),
        revision,
        keepDays: wholeNumber(keepDays, 'day'),
        actor: whoAsks(),
        isDry: !yes,
      }
      const garbage = await collectDataset(ports, request)
      found.push(...garbage.map((object) => ({ dataset: spec.model, ...object })))
    }
    return answerTo(found, yes)
  })
}

function answerTo(found: readonly Found[], isDone: boolean): Answer {
  const bytes = sum(found)
  const json = { objects: found, bytes, isDry: !isDone }
  if (found.length === 0) return { json, text: 'Nothing to collect: everything is needed, or was not long ago.' }
  const kinds = [...new Set(found.map(({ dataset, folder }) => `${dataset} ${folder}`))].sort()
  const rows = kinds.map((kind) => {
    const some = found.filter(({ dataset, folder }) => `${dataset} ${folder}` === kind)
    return [kind, String(some.length), sizeText(sum(some))]
  })
  const all = `${countText(found.length, 'object')} of ${sizeText(bytes)}`
  const verdict = isDone ? `Removed: ${all}.` : `Needed by nobody: ${all}. Nothing was removed; --yes removes them.`
  return { json, text: `${table(['of', 'objects', 'size'], rows)}\n\n${verdict}` }
}

const sum = (objects: readonly Found[]): number => objects.reduce((total, { bytes }) => total + bytes, 0)
