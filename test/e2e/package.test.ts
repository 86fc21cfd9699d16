/** The package as a user has it: packed, installed in an empty folder, and the loop run there by the commands of the docs. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { packageFile } from '../support/example-file.js'
import { npm, packPackage } from '../support/packed.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** What npm says when no registry can be reached. */
const NO_REGISTRY = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ENOTCACHED/

test('packed, installed and run in an empty folder, a first model is promoted', async (t) => {
  const packed = packPackage(await temporaryFolder(t), { build: true })
  const folder = join(await temporaryFolder(t), 'user')
  await mkdir(folder)
  if (!(await install(t, folder, packed.tarball))) return
  assert.deepEqual(
    packed.files.filter((file) => !file.startsWith('dist/src/') && /\.(js|ts|parquet)$/.test(file)),
    [],
  )
  const npx = (...args: readonly string[]) => run(folder, 'npx', ['refit', ...args])

  assert.equal(npx('--version'), '0.1.0\n')
  await compileConsumer(folder)
  npx('init', '--example', 'flights')
  run(folder, 'node', ['months.mjs', '2001-01'])
  const valid: { valid: boolean; data: { rows: number } } = JSON.parse(npx('validate', '--json'))
  assert.deepEqual([valid.valid, valid.data.rows], [true, 508_239])

  const dev = await startDev(t, folder)
  const result: { outcome: string; version: number } = JSON.parse(npx('run', 'flights', '--json'))
  assert.deepEqual([result.outcome, result.version], ['promoted', 1])
  const page = await (await fetch(`${dev.web}/models/flights`)).text()
  assert.match(page, /href="http:[^"]+\/namespaces\/default\/workflows\/refit%2Fflights%2Fsteward"/)
  assert.match(npx('ingest', '--verify'), /Every row is accounted for\./)
  // Of the worker and the server at the least: else the check below could not fail.
  assert.ok(processesOf(folder).length >= 2)

  assert.match(await dev.interrupt(), / {2}stopping\n {2}stopped\n$/)
  assert.deepEqual(processesOf(folder), [])
})

/** A user's environment: nothing that a developer of Refit has set. */
function userEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(REFIT_|TEMPORAL_ADDRESS|NODE_)/.test(name))
  return {
    ...Object.fromEntries(kept),
    // The libraries for GPUs, which Refit does not use, come from outside the registry.
    ONNXRUNTIME_NODE_INSTALL: 'skip',
    NO_COLOR: '1',
    // A developer's own `refit dev` may have the port that people know.
    REFIT_PORT: '0',
  }
}

async function install(t: TestContext, folder: string, tarball: string): Promise<boolean> {
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
    await readFile(packageFile('package.json'), 'utf8'),
  )
  const data = `vega-datasets@${devDependencies['vega-datasets']}`
  try {
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    npm(['install', ...options, tarball, data], folder, userEnvironment())
    return true
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown)
    if (!NO_REGISTRY.test(said)) throw thrown
    t.skip(`SKIPPED, npm cannot reach a registry from which to install the package: ${said.slice(-500)}`)
    return false
  }
}

function run(folder: string, program: string, args: readonly string[]): string {
  return execFileSync(program, [...args], { cwd: folder, env: userEnvironment(), encoding: 'utf8', stdio: 'pipe' })
}

/** A program in TypeScript that uses the library: its types must resolve. */
async function compileConsumer(folder: string): Promise<void> {
  await writeFile(join(folder, 'consumer.mts'), CONSUMER)
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext']
  run(folder, process.execPath, [packageFile('node_modules/typescript/bin/tsc'), ...options, 'consumer.mts'])
}

const CONSUMER = `import { type ModelSpec, parseSpec, type RefitClient, type RunResult } from 'refit'
import { type Evidence, decide } from 'refit/decisions'
import { auc } from 'refit/statistics'

export const model = (spec: ModelSpec): string => spec.model
export const end = (client: RefitClient): Promise<RunResult> => client.result('refit/flights/run/1')
export const rows = ({ liveRows }: Evidence): number => liveRows
export const half: number = auc([0, 1], [0.5, 0.5])
export const parsed = parseSpec('')
if (parsed.ok) model(parsed.spec)
// @ts-expect-error: types are there, so a mistake is one.
auc('labels', decide)
`

/**
 * `npx refit dev`, ready. `interrupt` is Ctrl-C, which a terminal sends to the whole group; it waits until nobody holds the
 * output any more (npx itself ends at once) and gives what was said.
 */
async function startDev(t: TestContext, folder: string) {
  const child = spawn('npx', ['refit', 'dev'], { cwd: folder, env: userEnvironment(), stdio: 'pipe', detached: true })
  const ended = once(child, 'close')
  let said = ''
  const interrupt = async () => {
    const isRunning = child.exitCode === null && child.signalCode === null
    if (isRunning && child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
    await ended
    return said
  }
  t.after(interrupt)
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (/^ {2}ready\./m.test(said)) resolve()
      })
    }
  })
  await Promise.race([ready, ended.then(() => assert.fail(`refit dev ended before it was ready:\n${said}`))])
  const [, web = ''] = /^ {2}web: (\S+)/m.exec(said) ?? []
  return { interrupt, web }
}

/** Command lines of processes that were started from the folder or work on its files. */
function processesOf(folder: string): readonly string[] {
  return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder))
}
