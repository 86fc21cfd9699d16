import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { verifyAccounting } from '../data/verify.js'
import { messageOf } from '../errors.js'
import { latestSpec, modelNames } from '../ledger/spec-revisions.js'
import { checkPermissions } from '../permissions.js'
import { INSTALLED_STEPS } from '../server/events.js'
import { findTemporalServer } from '../server/find-temporal-server.js'
import { openSession, type Session, withTemporal } from './session.js'
import { paintFor } from './terminal.js'
import { answers } from './verb.js'

/** One thing that was looked at. */
interface Finding {
  readonly what: string
  readonly isFine: boolean
  readonly text: string
}

/** `refit doctor`: what is set up, what is not, and the way out. */
export function doctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('check the store, Temporal, specs and rows, and say what to mend')
  answers(command, async () => {
    const paint = paintFor()
    const findings = await examine()
    const lines = findings.map(({ what, isFine, text }) => {
      const mark = isFine ? paint.green('✔') : paint.red('✖')
      return `${mark} ${what.padEnd(14)} ${text}`
    })
    return { json: { findings }, text: lines.join('\n'), exitCode: findings.every(({ isFine }) => isFine) ? 0 : 1 }
  })
}

async function examine(): Promise<readonly Finding[]> {
  const general = [
    await look('node', async () => `${process.version} (20.3 or newer is needed)`),
    await look('configuration', async () => `store ${readConfig(process.env).store}`),
    await look('temporal', () => withTemporal(async ({ address }) => `answers at ${address}`)),
    await look('dev server', async () => {
      const found = await findTemporalServer({ env: process.env, report: () => {}, steps: INSTALLED_STEPS })
      return found.kind === 'address'
        ? `not needed: ${found.address} is set`
        : `version ${found.version}, ${found.path}`
    }),
  ]
  const store = await look('store', async () => `${(await openSession()).storage.location} is there and atomic`)
  return store.isFine ? [...general, store, ...(await examineModels(await openSession()))] : [...general, store]
}

async function examineModels({ storage, config, data }: Session): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const model of await modelNames(storage)) {
    findings.push(
      await look(`spec ${model}`, async () => {
        const revision = await latestSpec(storage, model)
        checkPermissions(revision, config.allow)
        return `revision ${revision.revision}, permitted`
      }),
      await look(`rows ${model}`, async () => {
        const { holds, rowsIn, kept, quarantined, duplicates, differences } = await verifyAccounting(data, model)
        if (!holds) throw new Error(differences.join('; '))
        return `${rowsIn} in = ${kept} kept + ${quarantined} quarantined + ${duplicates} duplicates`
      }),
    )
  }
  return findings
}

async function look(what: string, at: () => Promise<string>): Promise<Finding> {
  try {
    return { what, isFine: true, text: await at() }
  } catch (thrown) {
    return { what, isFine: false, text: messageOf(thrown) }
  }
}
