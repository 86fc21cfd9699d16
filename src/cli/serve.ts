import { appendFile, mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { connectRefit, type RefitConnection } from '../client/connect.js'
import { type Config, readConfig } from '../config.js'
import { createDeriver } from '../data/rules/derive.js'
import { runKey } from '../ledger/run-ledger.js'
import { latestSpec, modelNames, specAt } from '../ledger/spec-revisions.js'
import { feedsOf } from '../spec/datasets.js'
import { createReception, type Reception } from '../spool/reception.js'
import { reportSpool } from '../spool/report.js'
import type { Spool } from '../spool/spool.js'
import { watchSpool } from '../spool/watch.js'
import { unpack } from '../stages/packages.js'
import type { Ports } from '../stages/ports.js'
import { readRunRecord } from '../stages/run-record.js'
import { readModelSummary, readRunSummaries } from '../stages/summaries.js'
import { readWaiting } from '../stages/waiting.js'
import type { WebDependencies } from '../web/dependencies.js'
import { createPredictionService } from '../web/prediction-service.js'
import { type RunningWeb, startWeb } from '../web/start-web.js'
import { createWebApp } from '../web/web-app.js'
import { openPorts, openSpool } from '../wiring.js'
import { untilStopped } from './until-stopped.js'

/** `refit serve`: the alert receiver, the status pages and the serving endpoint, until Ctrl-C. */
export function serveCommand(program: Command): void {
  const command = program
    .command('serve')
    .description('receive alerts, show status and reports, and serve predictions, until Ctrl-C')
  untilStopped(command, async (stopped, tell) => {
    const config = readConfig(process.env)
    // With a spool the receiver starts while the store is away: pushes are safe there.
    const ports = await openPorts(config, { mustExist: true, mayBeAway: config.spool !== undefined })
    const web = await startServing(config, ports, await connectRefit())
    tell(`refit serve: ${web.address}`, { event: 'ready', address: web.address })
    await stopped
    await web.close()
  })
}

/** Starts the web side on the configured address; closing it closes the connection too. */
export async function startServing(config: Config, ports: Ports, connection: RefitConnection): Promise<RunningWeb> {
  const predictions = await predictionService(config, ports)
  const spool = openSpool(config, { mustExist: false })
  const pushes = { reception: openReception(config, ports, spool), maxBytes: config.push.maxBytes }
  const given = { ...dependencies(config, ports, connection), predictions, pushes }
  const seesSpool = spool === undefined ? {} : { spool: () => reportSpool(spool, ports.now()) }
  const web = await startWeb(createWebApp({ ...given, ...seesSpool }), config)
  const watch = spool === undefined ? undefined : watchSpool({ store: ports.storage, spool, warn, now: ports.now })
  return {
    address: web.address,
    async close() {
      await web.close()
      await watch?.stop()
      await predictions.close()
      await connection.close()
    },
  }
}

const warn = (text: string): void => void process.stderr.write(`refit serve: ${text}\n`)

function openReception({ scratchFolder }: Config, { storage }: Ports, spool: Spool | undefined): Reception {
  return createReception({ store: storage, spool, scratchFolder, hasModel: (dataset) => takesPushes(storage, dataset) })
}

/** Whether there is such a model, or such a feed of one that answers are pushed to. */
async function takesPushes(storage: Ports['storage'], dataset: string): Promise<boolean> {
  const [model = '', , feed] = dataset.split('/')
  if (!(await modelNames(storage)).includes(model)) return false
  if (feed === undefined) return true
  const { spec } = await latestSpec(storage, model)
  return feedsOf(spec).some(([name, { source }]) => name === feed && source.kind === 'push')
}

function dependencies(config: Config, ports: Ports, { client, namespace }: RefitConnection): WebDependencies {
  const { storage, registry, now } = ports
  const ifKnown = async <T>(model: string, read: () => Promise<T>) =>
    (await modelNames(storage)).includes(model) ? read() : undefined
  return {
    client,
    registry,
    models: async () => Promise.all((await modelNames(storage)).map((name) => readModelSummary(ports, name))),
    model: (name) => ifKnown(name, () => readModelSummary(ports, name)),
    waiting: (model) => readWaiting(ports, model),
    runs: (model) => readRunSummaries(ports, model),
    readReport: async (model, run) => decode(await storage.read(runKey(model, run, 'report.html'))),
    readRunRecord: async (model, run) => {
      const isPlanned = (await storage.read(runKey(model, run, 'stages/admit.json'))) !== undefined
      return isPlanned ? readRunRecord(storage, { model, run }) : undefined
    },
    alertRules: (model) => ifKnown(model, async () => (await latestSpec(storage, model)).spec.triggers.alerts),
    secrets: {
      ...(config.push.token === undefined ? {} : { pushToken: config.push.token }),
      ...(config.alertToken === undefined ? {} : { alertToken: config.alertToken }),
      ...(config.hmacSecret === undefined ? {} : { hmacSecret: config.hmacSecret }),
    },
    ...(config.temporalUi === undefined
      ? {}
      : { temporalUi: `${config.temporalUi.replace(/\/$/, '')}/namespaces/${namespace}` }),
    now,
    reportFailure: (failure) => warn(String(failure)),
  }
}

const decode = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes))

async function predictionService(config: Config, ports: Ports) {
  const { storage, registry, openPredictor, now } = ports
  await mkdir(config.predictionFolder, { recursive: true })
  return createPredictionService({
    async champion(model) {
      const position = await registry.alias(model, 'champion')
      return position === undefined ? undefined : registry.version(model, position.version)
    },
    spec: async (model, revision) => (await specAt(storage, model, revision)).spec,
    async openPackage({ package: pack }) {
      const folder = await mkdtemp(join(config.scratchFolder, 'serving-'))
      await unpack(storage, pack, join(folder, 'package'))
      return openPredictor(pack, join(folder, 'package'))
    },
    openDeriver: createDeriver,
    log(entry) {
      const file = join(config.predictionFolder, `${entry.model}.jsonl`)
      appendFile(file, `${JSON.stringify(entry)}\n`).catch((thrown: unknown) =>
        process.stderr.write(`refit serve: cannot log a prediction: ${String(thrown)}\n`),
      )
    },
    now,
  })
}
