// Obtains the Temporal server that tests and demonstration use, and says where it is.
import { ROOT, say } from './root.mjs'
import { setup } from './setup.mjs'

await setup()
const { findTemporalServer } = await import(new URL('dist/src/server/find-temporal-server.js', `file://${ROOT}`))

/** Often enough to see that it lives, seldom enough for the log of a CI. */
const SHOW_EVERY_MS = 5_000
let shownAt = 0

try {
  await findTemporalServer({ env: process.env, report })
} catch (thrown) {
  console.error(thrown.message)
  process.exit(1)
}

function report(event) {
  if (event.kind === 'trying' && event.step === 'download') say('downloading a Temporal server')
  if (event.kind === 'trying' && event.step === 'build') say('building a Temporal server with Go, some five minutes')
  if (event.kind === 'absent' && ['download', 'build'].includes(event.step)) console.error(event.reason)
  if (event.kind === 'found') say(`Temporal server: ${event.server.path ?? event.server.address}`)
  if (event.kind === 'progress' && Date.now() - shownAt > SHOW_EVERY_MS) {
    shownAt = Date.now()
    console.error(`  ${event.done}${event.total ? ` of ${event.total}` : ''} ${event.unit}: ${event.text}`)
  }
}
