import type { Command } from 'commander'
import { type Config, readConfig } from '../config.js'
import { isRefitError, RefitError } from '../errors.js'
import { reportSpool, type SpoolReport } from '../spool/report.js'
import { openSpool } from '../wiring.js'
import { describeSpool } from './spool-report.js'
import { lookAtModels, type ModelLook, type StatusLook } from './status-look.js'
import { runNotes, waitingNotes } from './status-notes.js'
import { table } from './table.js'
import { answers } from './verb.js'

const HEADING = ['model', 'champion', 'metric', 'running', 'requests', 'paused', 'last run']

/** `refit status [MODEL]`: what runs, what serves, what waits. */
export function statusCommand(program: Command): void {
  const command = program.command('status [model]').description('what runs, what serves, what waits')
  answers(command, async ([named]) => {
    const spool = await lookAtSpool(readConfig(process.env))
    const found = await lookAtModels(named).catch((thrown: unknown) => {
      throw withNotes(thrown, spool.notes)
    })
    const { models, storeIsAway, temporalIsAway } = found
    const json = { models: models.map(toJson), store: storeIsAway, temporal: temporalIsAway, spool: spool.json }
    return {
      json,
      text: [...textOf(found), ...spool.notes].join('\n'),
      exitCode: storeIsAway === null && temporalIsAway === null ? 0 : 1,
    }
  })
}

/** What waits in the spool, or why that cannot be told; no words where nothing waits. */
async function lookAtSpool(config: Config): Promise<{
  readonly notes: readonly string[]
  readonly json: SpoolReport | { readonly error: string } | null
}> {
  const spool = openSpool(config, { mustExist: true })
  if (spool === undefined) return { notes: [], json: null }
  try {
    const report = await reportSpool(spool, new Date())
    return { notes: report.total.pushes === 0 ? [] : describeSpool(report), json: report }
  } catch (thrown) {
    if (!isRefitError(thrown, 'StoreUnavailable')) throw thrown
    return { notes: [`The spool: ${thrown.message}`], json: { error: thrown.message } }
  }
}

/** While neither store nor Temporal answers, what waits in the spool is all that can be told. */
function withNotes(thrown: unknown, notes: readonly string[]): unknown {
  if (!(thrown instanceof RefitError) || notes.length === 0) return thrown
  const message = [thrown.message, ...notes].join('\n')
  return new RefitError(thrown.code, message, { permanent: thrown.permanent, cause: thrown })
}

function textOf({ models, storeIsAway, temporalIsAway }: StatusLook): readonly string[] {
  return [
    ...(storeIsAway === null ? [] : [`The store: ${storeIsAway}`]),
    ...(temporalIsAway === null ? [] : [`What runs now is unknown. ${temporalIsAway}`]),
    models.length === 0 ? 'No spec was applied yet. See `refit apply`.' : table(HEADING, models.map(rowOf)),
    ...models.flatMap(({ model, kept, live }) => [
      ...runNotes(live?.run ?? null),
      ...(kept === null ? [] : waitingNotes(model, kept.waiting)),
    ]),
  ]
}

/** A question mark is for what cannot be told now; an empty cell for what is not there. */
function rowOf({ model, kept, live }: ModelLook): readonly string[] {
  const champion = kept?.summary.champion
  const metric = champion?.metric
  const last = kept?.summary.lastRun
  const steward = live?.steward
  return [
    model,
    kept === null ? '?' : champion == null ? 'none' : `version ${champion.version}`,
    metric == null ? '' : `${metric.name} ${metric.value.toFixed(4)}`,
    live === null ? '?' : steward?.running == null ? '' : `run ${steward.running.run}`,
    live === null ? '?' : steward?.pending == null ? '' : `${steward.pending.count} wait`,
    live === null ? '?' : steward?.paused === true ? 'yes' : 'no',
    kept === null ? '?' : last == null ? '' : `run ${last.run} ${last.outcome ?? 'open'}`,
  ]
}

const toJson = ({ model, kept, live }: ModelLook): object => ({
  model,
  ...kept?.summary,
  steward: live?.steward ?? null,
  run: live?.run ?? null,
  waiting: kept?.waiting ?? null,
  runs: kept?.runs ?? null,
})
