import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWeb } from '../../src/web/start-web.js'
import { createWebApp } from '../../src/web/web-app.js'
import { FIRING, HEADERS, TOKEN } from './fixtures/alertmanager-bodies.js'
import { fakeDependencies } from './fixtures/dependencies.js'

test('a real server takes alerts over the network, and stops when told to', async () => {
  const { dependencies, admitted } = fakeDependencies({ secrets: { alertToken: TOKEN } })
  const web = await startWeb(createWebApp(dependencies), { host: '127.0.0.1', port: 0 })
  try {
    assert.match(web.address, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.deepEqual(await (await fetch(`${web.address}/healthz`)).json(), { status: 'ok' })
    const posted = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`${web.address}/alerts/alertmanager`, { method: 'POST', headers: HEADERS, body: JSON.stringify(FIRING) }),
      ),
    )
    assert.deepEqual(new Set(posted.map(({ status }) => status)), new Set([202]))
    assert.equal(admitted.length, 1)
    const huge = await fetch(`${web.address}/alerts/alertmanager`, {
      method: 'POST',
      headers: HEADERS,
      body: 'x'.repeat(1024 * 1024 + 1),
    })
    assert.equal(huge.status, 413)
  } finally {
    await web.close()
  }
  await assert.rejects(fetch(`${web.address}/healthz`))
})

test('a port that is taken is told with a way out', async () => {
  const app = createWebApp(fakeDependencies().dependencies)
  const first = await startWeb(app, { host: '127.0.0.1', port: 0 })
  try {
    const port = Number(new URL(first.address).port)
    await assert.rejects(startWeb(app, { host: '127.0.0.1', port }), {
      code: 'InvalidInput',
      message: `Cannot listen on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}. Choose another host or port.`,
    })
  } finally {
    await first.close()
  }
})
