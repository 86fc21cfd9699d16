import type { Command } from 'commander'
import { listRuns } from '../ledger/run-ledger.js'
import { modelNames } from '../ledger/spec-revisions.js'
import { readModelSummary, readRunSummaries } from '../stages/summaries.js'
import { openSession, type Session, whichModel, withTemporal } from './session.js'
import { table } from './table.js'
import { answers } from './verb.js'

/** `refit status [MODEL]`: what runs, what serves, what waits. */
export function statusCommand(program: Command): void {
  const command = program.command('status [model]').description('what runs, what serves, what waits')
  answers(command, async ([named]) => {
    const session = await openSession()
    const names = named === undefined ? await modelNames(session.storage) : [await whichModel(session.storage, named)]
    const found = await Promise.all(names.map((name) => look(session, name)))
    const heading = ['model', 'champion', 'metric', 'running', 'waiting', 'paused', 'last run']
    const text =
      names.length === 0
        ? 'No spec was applied yet. See `refit apply`.'
        : table(
            heading,
            found.map(({ row }) => row),
          )
    return { json: { models: found.map(({ json }) => json) }, text }
  })
}

async function look(session: Session, name: string) {
  const summary = await readModelSummary(session, name)
  const steward = await withTemporal(({ client }) => client.stewardStatus(name))
  const runs = (await listRuns(session.storage, name)).length
  const last = (await readRunSummaries(session, name)).at(0)
  const { champion } = summary
  const metric = champion?.metric
  const row = [
    name,
    champion === null ? 'none' : `version ${champion.version}`,
    metric == null ? '' : `${metric.name} ${metric.value.toFixed(4)}`,
    steward?.running == null ? '' : `run ${steward.running.run}`,
    steward?.pending == null ? '' : `${steward.pending.count} requests`,
    steward?.paused === true ? 'yes' : 'no',
    last === undefined ? '' : `run ${last.run} ${last.outcome ?? 'open'}`,
  ]
  return { row, json: { ...summary, steward: steward ?? null, runs } }
}
