/** The verbs by which people steer: approve, reject, rollback, pause, resume. */
import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { RefitError } from '../errors.js'
import { runAt } from '../ledger/run-ledger.js'
import { runId } from '../workflows/messages.js'
import { openSession, whichModel, whoAsks, wholeNumber, withTemporal } from './session.js'
import { answers } from './verb.js'

/** Registers the verbs. */
export function peopleCommands(program: Command): void {
  approvalCommand(program, 'approve', 'let the candidate that a run examined be promoted')
  approvalCommand(program, 'reject', 'refuse the candidate that a run examined')
  rollbackCommand(program)
  pauseCommand(program, 'pause', 'admit no run until resumed')
  pauseCommand(program, 'resume', 'admit runs again')
}

function approvalCommand(program: Command, verb: 'approve' | 'reject', description: string): void {
  const command = program
    .command(`${verb} <run>`)
    .description(description)
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--model <model>', 'the model, where there are several')
  answers<{ reason: string; model?: string }>(command, async ([number], options) => {
    const { storage } = await openSession()
    const model = await whichModel(storage, options.model)
    const run = wholeNumber(number, 'run')
    const known = await runAt(storage, model, run)
    if (known === undefined) throw new RefitError('NotFound', `Cannot find run ${run} of "${model}".`)
    const request = { actor: whoAsks(), reason: options.reason }
    await withTemporal(({ client }) => client[verb](known.workflowId ?? runId(model, run), request))
    return { json: { model, run, verb, ...request }, text: `Run ${run} of "${model}": ${verb} is recorded.` }
  })
}

function rollbackCommand(program: Command): void {
  const command = program
    .command('rollback [model]')
    .description('move the champion back to an earlier version')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--to <version>', 'the version; the previous champion unless given')
  answers<{ reason: string; to?: string }>(command, async ([named], { reason, to }) => {
    const { storage } = await openSession()
    const model = await whichModel(storage, named)
    const target = to === undefined ? {} : { to: wholeNumber(to, 'version') }
    const request = { id: randomUUID(), reason, actor: whoAsks(), ...target }
    const { version } = await withTemporal(({ client }) => client.rollback(model, request))
    return { json: { model, version, reason }, text: `Version ${version} of "${model}" is champion again.` }
  })
}

function pauseCommand(program: Command, verb: 'pause' | 'resume', description: string): void {
  const command = program.command(`${verb} [model]`).description(description)
  answers(command, async ([named]) => {
    const { storage } = await openSession()
    const model = await whichModel(storage, named)
    await withTemporal(({ client }) => client.setPaused(model, verb === 'pause'))
    return { json: { model, paused: verb === 'pause' }, text: `Model "${model}" is ${verb}d.` }
  })
}
