import { randomUUID } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { SpecRevision } from '../spec/spec.js'
import { apply } from '../stages/apply.js'
import { readSpecFile } from './read-spec-file.js'
import { openSession, whoAsks, withTemporal } from './session.js'
import { type Answer, answers } from './verb.js'

/** `refit apply [FILE]`: a spec takes effect, and its schedule with it. */
export function applyCommand(program: Command): void {
  const command = program
    .command('apply [file]')
    .description('store a spec as the next revision and bring its Temporal Schedule in step')
    .option('--dry-run', 'tell what would be done, and do nothing')
  answers<{ dryRun?: boolean }>(command, async ([file = 'refit.yaml'], { dryRun = false }) => {
    const given: SpecRevision = { spec: await readSpecFile(file), folder: dirname(resolve(file)) }
    return applyGiven(given, dryRun)
  })
}

/** Applies a parsed spec: the store first, then the schedule, and neither when Temporal does not answer. */
export async function applyGiven(given: SpecRevision, dryRun: boolean): Promise<Answer> {
  const { model, triggers } = given.spec
  const session = await openSession({ mustExist: false })
  const { applied, schedule } = await withTemporal(async ({ schedules }) => ({
    applied: dryRun ? undefined : await apply(session, given, { id: randomUUID(), actor: whoAsks() }),
    schedule: await schedules.keep(model, triggers.schedule, { dryRun }),
  }))
  if (applied === undefined) {
    return { json: { model, dryRun, schedule }, text: `Would store the spec of "${model}"; schedule: ${schedule}.` }
  }
  const isNew = applied.isNew ? 'is stored' : 'was stored already'
  const zero = applied.isFirst ? '\nChampion zero, the baseline, is registered as version 0 and serves.' : ''
  return {
    json: { model, ...applied, schedule },
    text: `Revision ${applied.revision} of the spec of "${model}" ${isNew}; schedule: ${schedule}.${zero}`,
  }
}
