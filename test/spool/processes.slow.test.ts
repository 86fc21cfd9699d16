/** Real receivers that are killed, a store that comes and goes, and several that drain: no acknowledged push is lost. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rename } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { drain } from '../../src/spool/drain.js'
import { seededRandom } from '../../src/statistics/seeded-random.js'
import { inbox, keysIn, openWorld, startReceiver } from './shared.js'

const RECEIVER = fileURLToPath(new URL('./receiver-process.js', import.meta.url))
const LASTS_MS = 15_000
const MOST_MS = 90_000
const Acknowledged = z.looseObject({ state: z.enum(['stored', 'spooled']) })

async function startProcess(t: TestContext, folders: readonly string[]) {
  const child = spawn(process.execPath, [RECEIVER, ...folders], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  t.after(() => child.kill('SIGKILL'))
  const [address] = await once(child.stdout ?? assert.fail('no output'), 'data')
  return { child, address: String(address).trim() }
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

test('receivers that are killed while the store comes and goes lose no acknowledged push', {
  timeout: 180_000,
}, async (t) => {
  const world = await openWorld(t)
  const storeFolder = fileURLToPath(world.store.location)
  const folders = [storeFolder, fileURLToPath(world.spool.location), world.scratchFolder]
  const random = seededRandom(11)
  let receiver = await startProcess(t, folders)
  await startProcess(t, folders) // drains, too, and is never killed
  const startedMs = Date.now()
  const states = { stored: 0, spooled: 0 }
  let kills = 0
  const enough = () => states.stored > 5 && states.spooled > 5 && kills > 2
  // A busy machine takes longer until enough was seen.
  const goesOn = () => Date.now() - startedMs < (enough() ? LASTS_MS : MOST_MS)

  const produce = async (name: string): Promise<readonly string[]> => {
    const acknowledged: string[] = []
    while (goesOn()) {
      const key = `${name}-${acknowledged.length + 1}`
      const answer = await fetch(`${receiver.address}/ingest/flights`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer test-token',
          'content-type': 'application/x-ndjson',
          'idempotency-key': key,
        },
        body: `rows of ${key}`,
      }).then(
        async (response) => (response.status === 202 ? Acknowledged.parse(await response.json()) : undefined),
        () => undefined,
      )
      if (answer === undefined) {
        await sleep(20)
        continue
      }
      acknowledged.push(key)
      states[answer.state]++
    }
    return acknowledged
  }
  const takeStoreAway = async () => {
    while (goesOn()) {
      await sleep(1000 + random() * 1500)
      await rename(storeFolder, `${storeFolder}-away`)
      await sleep(200 + random() * 600)
      await rename(`${storeFolder}-away`, storeFolder)
    }
  }
  const killReceivers = async () => {
    while (goesOn()) {
      await sleep(300 + random() * 1200)
      await kill(receiver.child)
      receiver = await startProcess(t, folders)
      kills++
    }
  }
  const [one, other] = await Promise.all([produce('a'), produce('b'), takeStoreAway(), killReceivers()])

  const { stopped } = await drain(startReceiver(world).ports, 'flights')
  assert.equal(stopped, undefined)
  const keys = (await inbox(world.store)).map(([key, body]) => {
    assert.equal(body, `rows of ${key}`)
    return key
  })
  for (const acknowledged of [one, other]) {
    assert.deepEqual(
      keys.filter((key) => acknowledged.includes(key)),
      acknowledged,
    )
  }
  t.diagnostic(`${states.stored} stored, ${states.spooled} spooled, ${kills} kills, ${keys.length} in the inbox`)
  assert.ok(enough())
  t.diagnostic(`${(await keysIn(world.spool, 'spool/flights/objects/')).length} objects left in the spool`)
})
