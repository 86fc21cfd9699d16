import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { knowsPerson, parsePerson } from '../data/upkeep/person.js'
import { RefitError } from '../errors.js'
import type { NumberedRevision } from '../ledger/spec-revisions.js'
import { modelOf } from '../spec/datasets.js'
import { type Forgotten, forgetPerson } from '../stages/upkeep/forget-person.js'
import { openPorts, openSpool } from '../wiring.js'
import { whoAsks } from './session.js'
import { type Answer, answers } from './verb.js'
import { whichDatasets } from './which-dataset.js'
import { countText, sizeText } from './words.js'

interface Options {
  readonly key: readonly string[]
  readonly why: string
  readonly text?: boolean
  readonly yes?: boolean
}

/** `refit erase [MODEL]`: a person's right to be forgotten. */
export function eraseCommand(program: Command): void {
  const command = program
    .command('erase [model]')
    .description("erase a person's rows, and remove all bytes that hold them; without --yes only says what")
    .requiredOption(
      '--key <column=value>',
      'whose rows; of several columns all must hold, of several values of one column either',
      (key: string, keys: readonly string[] = []) => [...keys, key],
    )
    .requiredOption('--why <text>', 'why, for the record; do not name the person')
    .option('--text', 'also rows of quarantine that could not be taken apart, when the values are in their text')
    .option('--yes', 'do it')
  answers<Options>(command, async ([named], { key, why, text: inText = false, yes = false }) => {
    const config = readConfig(process.env)
    const ports = await openPorts(config, { mustExist: true })
    const person = parsePerson(key)
    const revisions = await whichDatasets(ports.storage, named)
    const known = revisions.filter(({ spec }) => knowsPerson(spec, person))
    if (known.length === 0) throw nobodyKnows(revisions, Object.keys(person))
    const spool = openSpool(config, { mustExist: true })
    const found: Forgotten[] = []
    for (const revision of known) {
      const waiting = (await spool?.queue(revision.spec.model).look())?.pushes ?? 0
      if (waiting > 0) throw inSpool(revision, waiting)
      const request = {
        model: modelOf(revision.spec.model),
        revision,
        person,
        inText,
        why,
        actor: whoAsks(),
        isDry: !yes,
      }
      found.push(await forgetPerson(ports, request))
    }
    return answerTo(found, { isDone: yes, left: revisions.filter((revision) => !known.includes(revision)) })
  })
}

function nobodyKnows(revisions: readonly NumberedRevision[], columns: readonly string[]): RefitError {
  const known = revisions.map(({ spec }) => `"${spec.model}" has ${Object.keys(spec.data.columns).join(', ')}`)
  return new RefitError(
    'InvalidInput',
    `Cannot erase by ${columns.join(', ')}: expected columns that arrive; ${known.join('; ')}.`,
  )
}

function inSpool({ spec }: NumberedRevision, waiting: number): RefitError {
  return new RefitError(
    'Conflict',
    `Cannot erase from "${spec.model}": ${countText(waiting, 'push waits', 'pushes wait')} in the spool, and the person may be in them. Run \`refit ingest\` first.`,
  )
}

function answerTo(
  found: readonly Forgotten[],
  { isDone, left }: { readonly isDone: boolean; readonly left: readonly NumberedRevision[] },
): Answer {
  const json = {
    isDry: !isDone,
    datasets: found.map(({ unsearchable, ...forgotten }) => ({
      ...forgotten,
      unsearchable: unsearchable.map(({ seq, source }) => ({ batch: seq, path: source.path })),
    })),
    notSearched: left.map(({ spec }) => spec.model),
  }
  const lines = [
    ...found.flatMap((forgotten) => linesOf(forgotten, isDone)),
    ...left.map(({ spec }) => `"${spec.model}" has no such columns: nobody was looked for there.`),
    ...(isDone ? [] : ['Nothing was erased; --yes erases.']),
  ]
  return { json, text: lines.join('\n') }
}

function linesOf(forgotten: Forgotten, isDone: boolean): readonly string[] {
  const { dataset, keptRows, quarantinedRows, objects, versions, selections, unsearchable } = forgotten
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0)
  const rows = `${countText(keptRows, 'row')}, and ${quarantinedRows} in quarantine`
  const holding = `${countText(objects.length, 'object')} of ${sizeText(bytes)}`
  return [
    `"${dataset}": ${isDone ? 'erased' : 'to erase'}: ${rows}; ${isDone ? 'removed' : 'to remove'}: ${holding} that held them.`,
    ...(versions.length === 0
      ? []
      : [
          `Learned from these rows, and cannot be trained on the very same ones again: versions ${versions.join(', ')}.`,
        ]),
    ...(selections === 0 ? [] : [`Removed with them: ${countText(selections, 'selection')} of runs.`]),
    ...unsearchable.map(
      ({ seq, source }) =>
        `Batch ${seq}, ${source.path}, waits in quarantine as bytes that cannot be searched: \`refit quarantine drop ${seq}\` and erase again, if the person may be in it.`,
    ),
  ]
}
