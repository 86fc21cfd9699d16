import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RefitError } from '../../src/errors.js'
import { INSTALLED_STEPS, type StepName, type TemporalEvent } from '../../src/server/events.js'
import { findTemporalServer } from '../../src/server/find-temporal-server.js'
import { goScript, temporaryFolder, versionScript, writeProgram } from './fake-programs.js'

/** A port that `fetch` refuses to use: the download fails at once. */
const NOWHERE = 'http://127.0.0.1:9'

interface Place {
  readonly folder: string
  readonly env: Record<string, string>
  readonly onPath: string
  readonly inCache: string
}

/** A machine with nothing on it. */
async function place(t: TestContext): Promise<Place> {
  const folder = await temporaryFolder(t)
  return {
    folder,
    env: { PATH: join(folder, 'bin'), REFIT_CACHE: join(folder, 'cache') },
    onPath: join(folder, 'bin', 'temporal'),
    inCache: join(folder, 'cache', 'temporal', '1.8.2', 'temporal'),
  }
}

async function find(env: Record<string, string>, steps?: readonly StepName[]) {
  const events: TemporalEvent[] = []
  const options = { env, report: (event: TemporalEvent) => void events.push(event), downloadFrom: NOWHERE }
  const server = await findTemporalServer(steps === undefined ? options : { ...options, steps })
  return { server, events }
}

test('an address that is set is taken without looking further', async (t) => {
  const { env } = await place(t)
  const { server, events } = await find({ ...env, TEMPORAL_ADDRESS: 'temporal.example:7233' })
  assert.deepEqual(server, { kind: 'address', address: 'temporal.example:7233' })
  assert.deepEqual(events, [
    { kind: 'trying', step: 'address' },
    { kind: 'found', step: 'address', server },
  ])
})

test('the named program comes before the search path, and that before the cache', async (t) => {
  const { env, folder, onPath, inCache } = await place(t)
  const named = await writeProgram(join(folder, 'named'), versionScript('1.32.0'))
  await writeProgram(inCache, versionScript('1.31.2'))
  assert.deepEqual((await find(env)).server, { kind: 'binary', path: inCache, version: '1.31.2' })
  await writeProgram(onPath, versionScript('1.30.0'))
  assert.deepEqual((await find(env)).server, { kind: 'binary', path: onPath, version: '1.30.0' })
  const withName = { ...env, TEMPORAL_CLI_PATH: named }
  assert.deepEqual((await find(withName)).server, { kind: 'binary', path: named, version: '1.32.0' })
})

test('a named program that cannot be used is an error although the cache has one', async (t) => {
  const { env, inCache } = await place(t)
  await writeProgram(inCache, versionScript('1.31.2'))
  const finding = find({ ...env, TEMPORAL_CLI_PATH: '/no/such/program' })
  await assert.rejects(finding, {
    code: 'InvalidInput',
    message:
      'Cannot use the Temporal program that TEMPORAL_CLI_PATH names: "/no/such/program" cannot be run: ' +
      'spawn /no/such/program ENOENT. Correct the variable or unset it.',
  })
})

test('a program on the search path that is too old is passed over and named', async (t) => {
  const { env, onPath, inCache } = await place(t)
  await writeProgram(onPath, versionScript('1.22.7'))
  await writeProgram(inCache, versionScript('1.31.2'))
  const { server, events } = await find(env)
  assert.equal(server.kind === 'binary' && server.path, inCache)
  const reason = `"${onPath}" has server 1.22.7, and Refit needs 1.29.1 or newer`
  assert.ok(events.some((event) => event.kind === 'absent' && event.step === 'path' && event.reason === reason))
})

test('when nothing leads to a server, the error names everything that was tried and the ways out', async (t) => {
  const { env, inCache } = await place(t)
  await assert.rejects(find(env), {
    code: 'TemporalUnavailable',
    message: [
      'Cannot find a Temporal server:',
      '- address: TEMPORAL_ADDRESS is not set',
      '- cliPath: TEMPORAL_CLI_PATH is not set',
      '- path: no temporal on PATH',
      `- cache: no ${inCache}`,
      `- download: ${NOWHERE}/cli/v1.8.2?${query()} cannot be reached: bad port`,
      '- build: Go cannot be run: spawn go ENOENT',
      'Set TEMPORAL_ADDRESS to a server that runs, or TEMPORAL_CLI_PATH to the program `temporal` ' +
        '(https://docs.temporal.io/cli; Refit is tested with 1.8.2), or install Go so that it can be built.',
    ].join('\n'),
  })
})

test('installed steps neither download nor build', async (t) => {
  const { env } = await place(t)
  const events: TemporalEvent[] = []
  const finding = findTemporalServer({ env, report: (event) => void events.push(event), steps: INSTALLED_STEPS })
  await assert.rejects(finding, RefitError)
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'trying').map(({ step }) => step),
    ['address', 'cliPath', 'path', 'cache'],
  )
})

test('two processes that build at the same time build once, and leave nothing but the program', async (t) => {
  const { env, folder, inCache } = await place(t)
  const log = join(folder, 'builds')
  await writeProgram(join(folder, 'bin', 'go'), goScript({ version: 'go1.26.8', toolchain: 'local', log }))
  const found = await Promise.all([find(env, ['build']), find(env, ['build'])])
  for (const { server } of found) assert.deepEqual(server, { kind: 'binary', path: inCache, version: '1.31.2' })
  const builds = (await readFile(log, 'utf8')).trim().split('\n')
  assert.equal(builds.length, 1)
  assert.match(builds[0] ?? '', /"cwd":true,"cache":".*\.work-/)
  assert.deepEqual(await readdir(join(inCache, '..')), ['temporal'])
  const progress = found.flatMap(({ events }) => events.filter((event) => event.kind === 'progress'))
  assert.ok(progress.some(({ done, total, text }) => done === 2 && total === 2 && text === 'second/package'))
  assert.ok(progress.some(({ text }) => text === 'another process is obtaining it'))
})

const GO_VERSIONS = [
  { version: 'go1.26.4', toolchain: 'local', builds: true },
  { version: 'go1.26.3', toolchain: 'local', builds: false },
  { version: 'go1.22.0', toolchain: 'auto', builds: true },
  { version: 'go1.20.5', toolchain: '', builds: false },
]
for (const { version, toolchain, builds } of GO_VERSIONS) {
  test(`${version} with toolchain "${toolchain}" ${builds ? 'builds' : 'is refused'}`, async (t) => {
    const { env, folder } = await place(t)
    await writeProgram(join(folder, 'bin', 'go'), goScript({ version, toolchain, log: join(folder, 'builds') }))
    if (builds) assert.equal((await find(env, ['build'])).server.kind, 'binary')
    else await assert.rejects(find(env, ['build']), /is older than 1\.26\.4 and may not fetch a newer one/)
  })
}

test('a search that is cancelled ends as Cancelled and leaves no lock', async (t) => {
  const { env, folder, inCache } = await place(t)
  const log = join(folder, 'builds')
  await writeProgram(join(folder, 'bin', 'go'), goScript({ version: 'go1.26.8', toolchain: 'local', log }))
  const controller = new AbortController()
  const report = (event: TemporalEvent) => {
    if (event.kind === 'progress') controller.abort()
  }
  const finding = findTemporalServer({ env, report, steps: ['build'], signal: controller.signal })
  await assert.rejects(finding, { code: 'Cancelled' })
  assert.deepEqual(await readdir(join(inCache, '..')), [])
})

function query(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  return `platform=${process.platform}&arch=${arch}&format=tar.gz`
}
