import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { INSTALLED_STEPS } from '../../src/server/events.js'
import { findTemporalServer } from '../../src/server/find-temporal-server.js'
import { isServing } from '../../src/server/health.js'
import { serverArguments } from '../../src/server/server-arguments.js'
import { startTemporalServer } from '../../src/server/start-temporal-server.js'
import { temporaryFolder, writeProgram } from './fake-programs.js'

/** Answers the health check as a server that first starts and then serves. */
const SERVING_LATE = `
const { createServer } = require('node:http2')
console.log(process.argv.slice(2).join(' '))
let asked = 0
const server = createServer()
server.on('stream', (stream) => {
  const status = ++asked > 2 ? 1 : 2
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]))
})
server.listen(Number(process.argv[process.argv.indexOf('--port') + 1]), '127.0.0.1')
`

test('the command line asks for a durable, unthrottled server on the loopback address', () => {
  const args = serverArguments({
    databaseFile: '/data/temporal.db',
    namespace: 'models',
    port: 7233,
    uiPort: 8233,
    searchAttributes: ['RefitModel', 'RefitStage'],
  })
  assert.equal(
    args.join(' '),
    'server start-dev --ip 127.0.0.1 --port 7233 --ui-port 8233 --namespace models --db-filename /data/temporal.db ' +
      '--sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=FULL ' +
      '--dynamic-config-value history.transferProcessorMaxPollRPS=2000 ' +
      '--search-attribute RefitModel=Keyword --search-attribute RefitStage=Keyword',
  )
})

test('a server in memory without a page names neither file nor port of a page', () => {
  const args = serverArguments({ namespace: 'default', port: 7233, uiPort: 'none', searchAttributes: [] })
  assert.equal(
    args.join(' '),
    'server start-dev --ip 127.0.0.1 --port 7233 --headless --dynamic-config-value history.transferProcessorMaxPollRPS=2000',
  )
})

test('limits of the server are named by its dynamic configuration', () => {
  const limits = { 'limit.historyCount.suggestContinueAsNew': 60 }
  const args = serverArguments({ port: 7233, uiPort: 'none', searchAttributes: [], limits })
  assert.deepEqual(args.slice(-2), ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'])
})

test('it is started when it says that it serves, logs to the file, and ends when asked', async (t) => {
  const folder = await temporaryFolder(t)
  const logFile = join(folder, 'logs', 'temporal.log')
  const binary = await writeProgram(join(folder, 'temporal'), SERVING_LATE)
  const server = await startTemporalServer({ binary, logFile, searchAttributes: [] })
  assert.ok(isAlive(server.pid))
  assert.match(server.address, /^127\.0\.0\.1:\d+$/)
  assert.match(server.uiAddress ?? '', /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.match(await readFile(logFile, 'utf8'), /^server start-dev --ip 127\.0\.0\.1/)
  await server.stop()
  await server.stop()
  await server.ended
  assert.ok(!isAlive(server.pid))
})

test('a server that dies at its start is one error with the end of its log', async (t) => {
  const folder = await temporaryFolder(t)
  const logFile = join(folder, 'temporal.log')
  const binary = await writeProgram(
    join(folder, 'temporal'),
    `for (let i = 1; i <= 40; i++) console.error('line ' + i); process.exit(4)`,
  )
  await assert.rejects(startTemporalServer({ binary, logFile, port: 1, uiPort: 'none', searchAttributes: [] }), {
    code: 'TemporalUnavailable',
    message: [
      `Cannot start the Temporal server "${binary}": it ended with exit code 4 before it answered on 127.0.0.1:1. ` +
        `Its log ${logFile} ends:`,
      ...Array.from({ length: 20 }, (_, index) => `line ${index + 21}`),
    ].join('\n'),
  })
})

test('a server whose port was taken meanwhile is started again on others, and not for ever', async (t) => {
  const folder = await temporaryFolder(t)
  const logFile = join(folder, 'temporal.log')
  const say = `console.error('args ' + process.argv.slice(2).join(' ')); console.error('bind: address already in use')`
  const binary = await writeProgram(join(folder, 'temporal'), `${say}; process.exit(1)`)
  await assert.rejects(startTemporalServer({ binary, logFile, searchAttributes: [] }), /it ended with exit code 1/)
  const ports = [...(await readFile(logFile, 'utf8')).matchAll(/--port (\d+)/g)].map(([, port]) => port)
  assert.equal(ports.length, 3)
  assert.equal(new Set(ports).size, 3)
})

test('a server that never serves is killed when its time is over', async (t) => {
  const folder = await temporaryFolder(t)
  const logFile = join(folder, 'temporal.log')
  const binary = await writeProgram(join(folder, 'temporal'), `console.log(process.pid); setInterval(() => {}, 1000)`)
  const starting = startTemporalServer({ binary, logFile, searchAttributes: [], startTimeoutMs: 300 })
  await assert.rejects(starting, /it did not answer on 127\.0\.0\.1:\d+ within 0\.3 s/)
  assert.ok(!isAlive(Number.parseInt(await readFile(logFile, 'utf8'), 10)))
})

test('a program that is missing cannot be started', async (t) => {
  const folder = await temporaryFolder(t)
  const binary = join(folder, 'missing')
  await assert.rejects(startTemporalServer({ binary, logFile: join(folder, 'log'), searchAttributes: [] }), {
    code: 'TemporalUnavailable',
    message: `Cannot start the Temporal server "${binary}": spawn ${binary} ENOENT.`,
  })
})

test('a port where nothing listens does not serve', async () => {
  assert.equal(await isServing('127.0.0.1:9'), false)
})

test('the real server starts again on the database of one that was killed', async (t) => {
  const found = await findTemporalServer({ env: process.env, report: () => {}, steps: INSTALLED_STEPS }).catch(
    () => undefined,
  )
  if (found?.kind !== 'binary') {
    t.skip('no Temporal program on this machine: run `node tools/temporal.mjs`, which downloads or builds one')
    return
  }
  const folder = await temporaryFolder(t)
  const options = {
    binary: found.path,
    databaseFile: join(folder, 'temporal.db'),
    logFile: join(folder, 'temporal.log'),
    searchAttributes: ['RefitModel'],
  }
  const first = await startTemporalServer(options)
  const port = Number(first.address.split(':')[1])
  assert.equal(await isServing(first.address), true)
  await first.kill()
  assert.equal(await isServing(first.address), false)
  const second = await startTemporalServer({ ...options, port })
  assert.equal(second.address, first.address)
  assert.equal((await fetch(second.uiAddress ?? '')).status, 200)
  await second.stop()
  assert.ok(!isAlive(second.pid))
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
