import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { isRefitError, RefitError } from '../errors.js'
import { listRuns } from '../ledger/run-ledger.js'
import { modelNames } from '../ledger/spec-revisions.js'
import { readModelSummary, readRunSummaries } from '../stages/summaries.js'
import { openSpool } from '../wiring.js'
import type { RunStatus, StewardStatus } from '../workflows/messages.js'
import { openSession, type Session, whichModel, withTemporal } from './session.js'
import { describeSpool, reportSpool } from './spool-report.js'
import { table } from './table.js'
import { answers } from './verb.js'

/** `refit status [MODEL]`: what runs, what serves, what waits. */
export function statusCommand(program: Command): void {
  const command = program.command('status [model]').description('what runs, what serves, what waits')
  answers(command, async ([named]) => {
    const spool = await lookAtSpool()
    const found = await lookAtAll(named).catch((thrown: unknown) => {
      throw withSpool(thrown, spool.notes)
    })
    const heading = ['model', 'champion', 'metric', 'running', 'requests', 'paused', 'last run']
    const text =
      found.length === 0
        ? 'No spec was applied yet. See `refit apply`.'
        : [
            table(
              heading,
              found.map(({ row }) => row),
            ),
            ...found.flatMap(({ notes }) => notes),
            ...spool.notes,
          ].join('\n')
    return { json: { models: found.map(({ json }) => json), spool: spool.json }, text }
  })
}

/** A model as it is shown. */
interface Look {
  readonly row: readonly string[]
  readonly notes: readonly string[]
  readonly json: object
}

/** What waits in the spool, or why that cannot be told; nothing when none waits. */
async function lookAtSpool(): Promise<Pick<Look, 'notes'> & { readonly json: object | null }> {
  const spool = openSpool(readConfig(process.env), { mustExist: true })
  if (spool === undefined) return { notes: [], json: null }
  try {
    const report = await reportSpool(spool, new Date())
    return { notes: report.total.pushes === 0 ? [] : describeSpool(report), json: report }
  } catch (thrown) {
    if (!isRefitError(thrown, 'StoreUnavailable')) throw thrown
    return { notes: [`The spool: ${thrown.message}`], json: { error: thrown.message } }
  }
}

/** While the store is away, what waits for it is all that can be told. */
function withSpool(thrown: unknown, notes: readonly string[]): unknown {
  if (!(thrown instanceof RefitError) || notes.length === 0) return thrown
  return new RefitError(thrown.code, [thrown.message, ...notes].join('\n'), {
    permanent: thrown.permanent,
    cause: thrown,
  })
}

/** When the store is away a model that was named is shown as Temporal knows it: its run waits for the store. */
async function lookAtAll(named: string | undefined): Promise<readonly Look[]> {
  try {
    const session = await openSession()
    const names = named === undefined ? await modelNames(session.storage) : [await whichModel(session.storage, named)]
    return await Promise.all(names.map((name) => look(session, name)))
  } catch (thrown) {
    if (named === undefined || !isRefitError(thrown, 'StoreUnavailable')) throw thrown
    const { steward, run } = await live(named)
    if (steward === null) throw thrown
    const row = [named, '?', '', ...liveCells(steward), '']
    return [{ row, notes: [`The store: ${thrown.message}`, ...waits(run)], json: { model: named, steward, run } }]
  }
}

async function look(session: Session, name: string): Promise<Look> {
  const summary = await readModelSummary(session, name)
  const { steward, run } = await live(name)
  const runs = (await listRuns(session.storage, name)).length
  const last = (await readRunSummaries(session, name)).at(0)
  const { champion } = summary
  const metric = champion?.metric
  const row = [
    name,
    champion === null ? 'none' : `version ${champion.version}`,
    metric == null ? '' : `${metric.name} ${metric.value.toFixed(4)}`,
    ...liveCells(steward),
    last === undefined ? '' : `run ${last.run} ${last.outcome ?? 'open'}`,
  ]
  return { row, notes: waits(run), json: { ...summary, steward, run, runs } }
}

/** What Temporal knows of a model. */
function live(model: string): Promise<{ steward: StewardStatus | null; run: RunStatus | null }> {
  return withTemporal(async ({ client }) => {
    const steward = (await client.stewardStatus(model)) ?? null
    const workflowId = steward?.running?.workflowId
    return { steward, run: workflowId === undefined ? null : ((await client.runStatus(workflowId)) ?? null) }
  })
}

const liveCells = (steward: StewardStatus | null): readonly string[] => [
  steward?.running == null ? '' : `run ${steward.running.run}`,
  steward?.pending == null ? '' : `${steward.pending.count} wait`,
  steward?.paused === true ? 'yes' : 'no',
]

const waits = (run: RunStatus | null): readonly string[] =>
  run?.waitingFor == null ? [] : [`Run ${run.run} of "${run.model}", ${run.stage}: waiting for ${run.waitingFor}`]
