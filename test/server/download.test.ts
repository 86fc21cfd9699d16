import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { access, readdir, readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { TemporalEvent } from '../../src/server/events.js'
import { findTemporalServer } from '../../src/server/find-temporal-server.js'
import { temporaryFolder, versionScript, writeProgram } from './fake-programs.js'

/** A download service on this machine, which answers as `temporal.download` does. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `http://127.0.0.1:${address.port}`
}

async function download(folder: string, downloadFrom: string) {
  const events: TemporalEvent[] = []
  const env = { PATH: process.env.PATH, REFIT_CACHE: folder }
  const report = (event: TemporalEvent) => void events.push(event)
  return { server: await findTemporalServer({ env, report, steps: ['download'], downloadFrom }), events }
}

async function archive(folder: string, script: string): Promise<Buffer> {
  await writeProgram(join(folder, 'temporal'), script)
  execFileSync('tar', ['-czf', 'archive.tar.gz', 'temporal'], { cwd: folder })
  return readFile(join(folder, 'archive.tar.gz'))
}

test('the program is taken out of the archive, tried, and put into the cache', async (t) => {
  const folder = await temporaryFolder(t)
  const body = await archive(join(folder, 'published'), versionScript('1.31.2'))
  const asked: string[] = []
  const origin = await serve(t, (request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/archive.tar.gz') return response.setHeader('content-length', body.length).end(body)
    const host = `http://${request.headers.host}`
    return response.end(JSON.stringify({ archiveUrl: `${host}/archive.tar.gz`, fileToExtract: 'temporal' }))
  })

  const { server, events } = await download(join(folder, 'cache'), origin)

  const path = join(folder, 'cache', 'temporal', '1.8.2', 'temporal')
  assert.deepEqual(server, { kind: 'binary', path, version: '1.31.2' })
  assert.match(asked[0] ?? '', /^\/cli\/v1\.8\.2\?platform=(linux|darwin)&arch=(amd64|arm64)&format=tar\.gz$/)
  const last = events.findLast((event) => event.kind === 'progress')
  assert.deepEqual(last?.kind === 'progress' && { done: last.done, total: last.total, unit: last.unit }, {
    done: body.length,
    total: body.length,
    unit: 'bytes',
  })
  assert.deepEqual(await readdir(join(path, '..')), ['temporal'])
})

const REFUSALS: readonly { title: string; listener: RequestListener; reason: RegExp }[] = [
  {
    title: 'a service that does not know the version',
    listener: (_, response) => response.writeHead(404).end(),
    reason: /answered 404 Not Found/,
  },
  {
    title: 'an answer of another shape',
    listener: (_, response) => response.end('{"archiveUrl": "nowhere"}'),
    reason: /answered what is not understood: [\s\S]*fileToExtract/,
  },
  {
    title: 'a program outside the archive',
    listener: (request, response) =>
      request.url === '/a'
        ? response.end('bytes')
        : response.end(
            JSON.stringify({ archiveUrl: `http://${request.headers.host}/a`, fileToExtract: '../../../escaped' }),
          ),
    reason: /the program "\.\.\/\.\.\/\.\.\/escaped" lies outside the archive/,
  },
  {
    title: 'an archive that is none',
    listener: (request, response) =>
      request.url === '/a'
        ? response.end('bytes')
        : response.end(JSON.stringify({ archiveUrl: `http://${request.headers.host}/a`, fileToExtract: 'temporal' })),
    reason: /the archive cannot be unpacked: /,
  },
  {
    title: 'a connection that breaks in the middle',
    listener: (request, response) => {
      if (request.url !== '/a') {
        response.end(JSON.stringify({ archiveUrl: `http://${request.headers.host}/a`, fileToExtract: 'temporal' }))
        return
      }
      response.writeHead(200, { 'content-length': 1000 }).write('part')
      setTimeout(() => response.destroy(), 50)
    },
    reason: /- download: /,
  },
]
for (const { title, listener, reason } of REFUSALS) {
  test(`${title} is a reason, and leaves nothing in the cache`, async (t) => {
    const folder = await temporaryFolder(t)
    await assert.rejects(download(folder, await serve(t, listener)), reason)
    assert.deepEqual(await readdir(join(folder, 'temporal', '1.8.2')), [])
  })
}

test('a service that accepts and never answers is given up within seconds', async (t) => {
  const folder = await temporaryFolder(t)
  const origin = await serve(t, () => {})
  const before = Date.now()
  await assert.rejects(download(folder, origin), /cannot be reached: The operation was aborted due to timeout/)
  assert.ok(Date.now() - before < 8_000)
})

test('a downloaded program that does not run is not put into the cache', async (t) => {
  const folder = await temporaryFolder(t)
  const body = await archive(join(folder, 'published'), 'process.exit(3)')
  const origin = await serve(t, (request, response) =>
    request.url === '/archive.tar.gz'
      ? response.end(body)
      : response.end(
          JSON.stringify({ archiveUrl: `http://${request.headers.host}/archive.tar.gz`, fileToExtract: 'temporal' }),
        ),
  )
  await assert.rejects(download(join(folder, 'cache'), origin), /--version" ended with exit code 3/)
  await assert.rejects(access(join(folder, 'cache', 'temporal', '1.8.2', 'temporal')))
})
