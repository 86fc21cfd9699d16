/**
 * The receiver of the laboratory: Refit's route for pushes on stores with faults, and the watch that drains the spool. Its
 * host is also where a person releases rows from quarantine; `/release/MODEL` is that command.
 */
import { Hono } from 'hono'
import { readConfig } from '../../../src/config.js'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import type { DataContext } from '../../../src/data/engine/context.js'
import { waitingBatches } from '../../../src/data/quarantine/quarantine.js'
import { takeRows } from '../../../src/data/quarantine/take-rows.js'
import { messageOf } from '../../../src/errors.js'
import { latestSpec, modelNames } from '../../../src/ledger/spec-revisions.js'
import { createReception } from '../../../src/spool/reception.js'
import { watchSpool } from '../../../src/spool/watch.js'
import { answerFailure } from '../../../src/web/problem-answer.js'
import { pushRoute } from '../../../src/web/pushes/push-route.js'
import { startWeb } from '../../../src/web/start-web.js'
import { dataContext } from '../../../src/wiring.js'
import { fakeDependencies } from '../../web/fixtures/dependencies.js'
import { readOrders, sayReady } from './orders.js'
import { openLabStores } from './stores.js'

/** So often is the spool looked at: twenty times as often as by `refit serve`, so that a seed need not wait. */
const DRAIN_EVERY_MS = 250

const orders = readOrders()
const config = readConfig(process.env)
const { storage, spool, now } = await openLabStores(config, orders, 'receiver')
const { scratchFolder } = config
const data = dataContext(config, storage)
const hasModel = async (model: string) => (await modelNames(storage)).includes(model)
const reception = createReception({ store: storage, spool, scratchFolder, hasModel })
const { dependencies } = fakeDependencies({
  secrets: { pushToken: config.push.token ?? '' },
  pushes: { reception, maxBytes: config.push.maxBytes },
})
const app = new Hono()
app.route('/ingest', pushRoute(dependencies))
app.post('/release/:model', async (context) =>
  context.json({ released: await release(data, context.req.param('model')) }),
)
app.onError((failure, context) => {
  process.stderr.write(`receiver: ${messageOf(failure)}\n`)
  return answerFailure(context, failure)
})
const web = await startWeb(app, { host: '127.0.0.1', port: 0 })
watchSpool({ store: storage, spool, warn: () => {}, now, everyMs: DRAIN_EVERY_MS })
// Ends with the laboratory, however that ended.
process.once('disconnect', () => process.exit(0))
sayReady(web.address)

/** Releases all rows that wait, each batch as a wish of its own. Gives how many batches had a sound row. */
async function release(context: DataContext, model: string): Promise<number> {
  const { spec, revision: specRevision } = await latestSpec(context.storage, model)
  const { commits } = await openSnapshot(context, model)
  let released = 0
  for (const { commit, rows } of waitingBatches(commits)) {
    if (rows === 0) continue
    const wish = { spec, specRevision, verb: 'release', of: commit.seq, actor: 'lab', why: 'a wider limit' } as const
    if ((await takeRows(context, wish)).kind !== 'nothing') released++
  }
  return released
}
