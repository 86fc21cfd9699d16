import type { Command } from 'commander'
import { allEntries, datasetLog } from '../data/dataset/dataset-log.js'
import { type ErasedSince, erasedSince } from '../data/upkeep/erasures.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import { ALIASES, type AliasMove, type Version } from '../registry/registry.js'
import { datasetSpecs } from '../spec/datasets.js'
import { trainedPosition } from '../stages/upkeep/lineage.js'
import type { Storage } from '../storage/storage.js'
import { openSession, whichModel } from './session.js'
import { table } from './table.js'
import { answers } from './verb.js'
import { countText } from './words.js'

/** `refit registry [MODEL]`: versions, aliases and every move of them. */
export function registryCommand(program: Command): void {
  const command = program.command('registry [model]').description('versions, aliases, and every move of them')
  answers(command, async ([named]) => {
    const { storage, registry } = await openSession()
    const model = await whichModel(storage, named)
    const versions = await registry.versions(model)
    const aliases = await Promise.all(
      ALIASES.map(async (alias) => ({ alias, moves: await registry.history(model, alias) })),
    )
    const erased = await erasedSinceTraining({ storage, model, versions })
    const pointing = (version: number) =>
      aliases.flatMap(({ alias, moves }) => (moves.at(-1)?.version === version ? [alias] : [])).join(', ')
    const text = [
      table(
        ['version', 'run', 'parent', 'rows', 'trained through', 'metrics', 'aliases'],
        versions.map((version) => versionRow(version, pointing)),
      ),
      ...(erased.length === 0 ? [] : [erased.map(erasedText).join('\n')]),
      ...aliases.filter(({ moves }) => moves.length > 0).map(({ alias, moves }) => `${alias}\n${movesTable(moves)}`),
    ].join('\n\n')
    return {
      json: { model, versions, erased, aliases: Object.fromEntries(aliases.map(({ alias, moves }) => [alias, moves])) },
      text,
    }
  })
}

/** A version, and what of its rows or labels was erased after it had learned from them. */
interface ErasedOf extends ErasedSince {
  readonly version: number
  /** The model's rows, or a feed of labels: then the rows are answers. */
  readonly dataset: string
}

/** Versions of whose rows some were erased since. */
async function erasedSinceTraining({
  storage,
  model,
  versions,
}: {
  readonly storage: Storage
  readonly model: string
  readonly versions: readonly Version[]
}): Promise<readonly ErasedOf[]> {
  const found: ErasedOf[] = []
  const { spec } = await latestSpec(storage, model)
  for (const { model: dataset } of datasetSpecs(spec)) {
    const entries = await allEntries(datasetLog(storage, dataset))
    for (const version of versions) {
      const since = erasedSince(entries, await trainedPosition(storage, { model, dataset }, version))
      if (since.commits.length > 0) found.push({ version: version.version, dataset, ...since })
    }
  }
  return found.sort((one, other) => one.version - other.version)
}

const erasedText = ({ version, dataset, commits, rows, entries }: ErasedOf): string =>
  `version ${version} learned from rows that were erased since: ${countText(rows, 'row')} of ${countText(commits.length, 'commit')} of "${dataset}", ` +
  `by entries ${entries.join(', ')}. Its snapshot cannot be rebuilt exactly.`

function versionRow(version: Version, pointing: (version: number) => string): readonly string[] {
  const metrics = Object.entries(version.metrics).map(([name, value]) => `${name} ${value.toFixed(4)}`)
  return [
    String(version.version),
    version.run === undefined ? 'baseline' : String(version.run),
    version.parent === undefined ? '' : String(version.parent),
    String(version.trainingRows),
    version.trainedThrough?.slice(0, 10) ?? '',
    metrics.slice(0, 3).join(', '),
    pointing(version.version),
  ]
}

function movesTable(moves: readonly AliasMove[]): string {
  const rows = moves.map(({ seq, previous, version, at, actor, reason }) => [
    String(seq),
    previous === undefined ? '' : String(previous),
    String(version),
    at.slice(0, 19).replace('T', ' '),
    actor,
    reason.slice(0, 100),
  ])
  return table(['move', 'from', 'to', 'at', 'by', 'why'], rows)
}
