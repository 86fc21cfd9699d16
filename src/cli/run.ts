import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { RefitClient } from '../client/client.js'
import { RefitError } from '../errors.js'
import { runAt } from '../ledger/run-ledger.js'
import { AdmitRequest, type Outcome, type Ruling, type RunResult, STAGES } from '../workflows/messages.js'
import { followRun } from './follow-run.js'
import { openSession, whichModel, whoAsks, wholeNumber, withTemporal } from './session.js'
import { type Answer, answers } from './verb.js'

/** Outcomes that are no bad news for a script. */
const FINE: readonly Outcome[] = ['promoted', 'notNeeded', 'rejected', 'superseded']

interface RunOptions {
  readonly reason?: string
  readonly force?: 'none' | 'partial' | 'full'
  readonly trainFrom?: string
  readonly asOf?: string
  readonly detach?: boolean
}

/** `refit run MODEL` and `refit rerun RUN --from STAGE`. */
export function runCommand(program: Command): void {
  const run = program
    .command('run [model]')
    .description('start a run and follow it to its end')
    .option('--reason <text>', 'why, for the record')
    .option('--force <verdict>', 'overrule the decision: none, partial or full')
    .option('--train-from <time>', 'train on rows from this event time on only')
    .option('--as-of <time>', 'run on the data of a past day')
    .option('--detach', 'do not wait for the end')
  answers<RunOptions>(run, async ([named], options) => {
    const { storage } = await openSession()
    const model = await whichModel(storage, named)
    const { force, trainFrom, asOf } = options
    return start(model, { force, trainFrom, asOf }, options)
  })

  const rerun = program
    .command('rerun <run>')
    .description('repeat a run from a stage, on the outputs of its earlier stages')
    .requiredOption('--from <stage>', `one of ${STAGES.slice(1).join(', ')}`)
    .option('--model <model>', 'the model, where there are several')
    .option('--reason <text>', 'why, for the record')
    .option('--detach', 'do not wait for the end')
  answers<RunOptions & { from: string; model?: string }>(rerun, async ([run], options) => {
    const { storage } = await openSession()
    const model = await whichModel(storage, options.model)
    const earlier = wholeNumber(run, 'run')
    if ((await runAt(storage, model, earlier)) === undefined) {
      throw new RefitError('NotFound', `Cannot find run ${earlier} of "${model}". See its runs with \`refit status\`.`)
    }
    return start(model, { rerun: { run: earlier, from: options.from } }, options)
  })
}

async function start(model: string, input: object, { reason = '', detach = false }: RunOptions): Promise<Answer> {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
  const request = AdmitRequest.safeParse({
    id: randomUUID(),
    trigger: 'manual',
    reason,
    actor: whoAsks(),
    input: given,
  })
  if (!request.success) {
    const problems = request.error.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`)
    throw new RefitError('InvalidInput', `Cannot start a run: ${problems.join('; ')}.`)
  }
  return withTemporal(async ({ client }) => {
    const ruling = await client.admit(model, request.data)
    if (ruling.kind !== 'admitted' || detach) return answerTo(ruling)
    return ended(client, ruling)
  })
}

function answerTo(ruling: Ruling): Answer {
  if (ruling.kind === 'admitted')
    return { json: { ...ruling }, text: `Run ${ruling.run} is started: ${ruling.workflowId}.` }
  return { json: { ...ruling }, text: `${ruling.kind}: ${ruling.reason}`, exitCode: ruling.kind === 'refused' ? 1 : 0 }
}

async function ended(client: RefitClient, { run, workflowId }: Extract<Ruling, { kind: 'admitted' }>): Promise<Answer> {
  await followRun(client, workflowId, (line) => process.stderr.write(`${line}\n`))
  const result: RunResult = await client.result(workflowId)
  return {
    json: { ...result },
    text: `Run ${run} ended ${result.outcome}: ${result.reason}`,
    exitCode: FINE.includes(result.outcome) ? 0 : 1,
  }
}
