import type { Command } from 'commander'
import { ALIASES, type AliasMove, type Version } from '../registry/registry.js'
import { openSession, whichModel } from './session.js'
import { table } from './table.js'
import { answers } from './verb.js'

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
    const pointing = (version: number) =>
      aliases.flatMap(({ alias, moves }) => (moves.at(-1)?.version === version ? [alias] : [])).join(', ')
    const text = [
      table(
        ['version', 'run', 'parent', 'rows', 'trained through', 'metrics', 'aliases'],
        versions.map((version) => versionRow(version, pointing)),
      ),
      ...aliases.filter(({ moves }) => moves.length > 0).map(({ alias, moves }) => `${alias}\n${movesTable(moves)}`),
    ].join('\n\n')
    return {
      json: { model, versions, aliases: Object.fromEntries(aliases.map(({ alias, moves }) => [alias, moves])) },
      text,
    }
  })
}

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
