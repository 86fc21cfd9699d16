import type { Command } from 'commander'
import { type Config, readConfig } from '../config.js'
import { verifyAccounting } from '../data/verify/verify.js'
import { messageOf } from '../errors.js'
import { latestSpec, modelNames } from '../ledger/spec-revisions.js'
import { checkPermissions } from '../permissions.js'
import { INSTALLED_STEPS } from '../server/events.js'
import { findTemporalServer } from '../server/find-temporal-server.js'
import { datasetSpecs } from '../spec/datasets.js'
import type { SpecRevision } from '../spec/spec.js'
import { reportSpool } from '../spool/report.js'
import { factsOf, judgeSeparation } from '../spool/separation.js'
import { readWaiting } from '../stages/waiting.js'
import { openSource, openSpool } from '../wiring.js'
import { accountText } from './ingest.js'
import { openSession, type Session, withTemporal } from './session.js'
import { describeSpool } from './spool-report.js'
import { waitingNotes } from './status-notes.js'
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
    const width = Math.max(...findings.map(({ what }) => what.length))
    const lines = findings.map(({ what, isFine, text }) => {
      const mark = isFine ? paint.green('✔') : paint.red('✖')
      // What takes several lines goes on below its beginning.
      return `${mark} ${what.padEnd(width)}  ${text.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`
    })
    return { json: { findings }, text: lines.join('\n'), exitCode: findings.every(({ isFine }) => isFine) ? 0 : 1 }
  })
}

async function examine(): Promise<readonly Finding[]> {
  const configuration = await look('configuration', async () => `store ${readConfig(process.env).store}`)
  const general = [
    await look('node', async () => `${process.version} (20.3 or newer is needed)`),
    configuration,
    await look('temporal', () => withTemporal(async ({ address }) => `answers at ${address}`)),
    await look('dev server', async () => {
      const found = await findTemporalServer({ env: process.env, report: () => {}, steps: INSTALLED_STEPS })
      return found.kind === 'address'
        ? `not needed: ${found.address} is set`
        : `version ${found.version}, ${found.path}`
    }),
  ]
  // Never made here: at the place of a volume that is not mounted, a new store would take what belongs into the real one.
  const store = await look(
    'store',
    async () => `${(await openSession()).storage.location}: probed, the second of two creates of one key was refused`,
  )
  // Looked at also while the store is away: then it matters most.
  const spool = configuration.isFine ? await examineSpool(readConfig(process.env)) : []
  const before = [...general, store, ...spool]
  return store.isFine ? [...before, ...(await examineModels(await openSession()))] : before
}

async function examineSpool(config: Config): Promise<readonly Finding[]> {
  const place = await look('spool', async () => {
    if (config.spool === undefined) return 'none: while the store fails, pushes are refused. REFIT_SPOOL names one'
    const { isFine, text } = judgeSeparation(await factsOf(config.store), await factsOf(config.spool.location))
    if (!isFine) throw new Error(text)
    return text
  })
  const spool = openSpool(config, { mustExist: !place.isFine })
  if (spool === undefined) return [place]
  const waits = await look('spooled', async () => {
    const report = await reportSpool(spool, new Date())
    const text = describeSpool(report).join('\n')
    if (report.warnings.length > 0) throw new Error(text)
    return text
  })
  return [place, waits]
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
      await lookAtRows(data, model),
    )
    // A spec that cannot be read was told of above.
    const feeds = await latestSpec(storage, model).then(
      ({ spec }) => datasetSpecs(spec).slice(1),
      () => [],
    )
    for (const feed of feeds) findings.push(await lookAtRows(data, feed.model))
    findings.push(...(await lookAtDoors({ storage, data }, model)))
  }
  return findings
}

/** Nothing is wrong with what waits; where nothing does, or a spec cannot be read, there is nothing to say. */
async function lookAtDoors({ storage, data }: Pick<Session, 'storage' | 'data'>, model: string) {
  const ports = { storage, data, openSource: (revision: SpecRevision) => openSource(revision, storage) }
  const notes = await readWaiting(ports, model).then(
    (waiting) => waitingNotes(model, waiting),
    () => [],
  )
  return notes.length === 0 ? [] : [await look(`waits ${model}`, async () => notes.join('\n'))]
}

const lookAtRows = (data: Session['data'], dataset: string): Promise<Finding> =>
  look(`rows ${dataset}`, async () => {
    const account = await verifyAccounting(data, dataset)
    if (!account.holds) throw new Error(account.differences.join('; '))
    return accountText(account)
  })

async function look(what: string, at: () => Promise<string>): Promise<Finding> {
  try {
    return { what, isFine: true, text: await at() }
  } catch (thrown) {
    return { what, isFine: false, text: messageOf(thrown) }
  }
}
