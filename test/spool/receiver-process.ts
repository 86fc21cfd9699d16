/** A receiver as a process of its own: `node receiver-process.js STORE SPOOL SCRATCH` prints its address. */
import { createReception } from '../../src/spool/reception.js'
import { Spool } from '../../src/spool/spool.js'
import { watchSpool } from '../../src/spool/watch.js'
import { createEventualStorage } from '../../src/storage/eventual.js'
import { openStorage } from '../../src/storage/open.js'
import { startWeb } from '../../src/web/start-web.js'
import { createWebApp } from '../../src/web/web-app.js'
import { fakeDependencies } from '../web/fixtures/dependencies.js'
import { WIDE } from './shared.js'

const [store = '', spool = '', scratchFolder = ''] = process.argv.slice(2)
const open = (folder: string) =>
  createEventualStorage(folder, () => openStorage(`file:${folder}`, { cacheFolder: scratchFolder, mustExist: true }))
const ports = { store: open(store), spool: new Spool(open(spool), WIDE) }
const reception = createReception({ ...ports, scratchFolder, hasModel: async () => true })
const { dependencies } = fakeDependencies({
  secrets: { pushToken: 'test-token' },
  pushes: { reception, maxBytes: 1000 },
})
const web = await startWeb(createWebApp(dependencies), { host: '127.0.0.1', port: 0 })
watchSpool({ ...ports, warn: () => {}, now: () => new Date(), everyMs: 20 })
process.stdout.write(`${web.address}\n`)
// A test that was killed leaves no receiver behind.
process.once('disconnect', () => process.exit())
