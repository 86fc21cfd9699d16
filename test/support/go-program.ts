/** Programs in Go that tests need: built once from the module proxy, and kept by version in Refit's cache folder. */
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../src/errors.js'
import { withLock } from '../../src/server/lock.js'
import { cacheFolder } from '../../src/server/pin.js'
import { runProgram } from '../../src/server/run-program.js'

/** A program of a public Go module. */
export interface GoProgram {
  readonly name: string
  /** Import path of its `main` package. */
  readonly module: string
  /** Version of the module with its `v`. */
  readonly version: string
  /** Roughly how long a build takes on two cores: said before it begins. */
  readonly buildSeconds: number
}

/** Where the program is, or why it cannot be had and how to get it. */
export type FoundGoProgram =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing'; readonly reason: string }

const WORK_PREFIX = '.work-'
/** Several times what the slowest build took: it only ends what hangs. */
const BUILD_TIMEOUT_MS = 20 * 60 * 1000
/** Often enough to see that it lives, seldom enough for the log of a CI. */
const SHOW_EVERY_MS = 10_000

/** Gives the program from the cache, or builds it there, with its progress on standard error. Never rejects. */
export async function goProgram(program: GoProgram): Promise<FoundGoProgram> {
  const folder = join(cacheFolder(process.env), 'go', `${program.name}-${program.version}`)
  const path = join(folder, program.name)
  try {
    if (await isExecutable(path)) return { kind: 'found', path }
    await mkdir(folder, { recursive: true })
    const waiting = shower(`waiting for another process that builds ${program.name}`)
    const lock = {
      signal: AbortSignal.timeout(BUILD_TIMEOUT_MS),
      waiting: (seconds: number) => waiting(`${seconds} s`),
    }
    await withLock(join(folder, '.lock'), lock, async () => {
      // Whoever held the lock before may have built it.
      if (!(await isExecutable(path))) await build(program, folder)
    })
    return { kind: 'found', path }
  } catch (thrown) {
    const way = `install Go and let it reach a module proxy, or: GOBIN=${folder} go install ${program.module}@${program.version}`
    return { kind: 'missing', reason: `${program.name} cannot be built: ${messageOf(thrown)}. To get it: ${way}` }
  }
}

async function build({ name, module, version, buildSeconds }: GoProgram, folder: string): Promise<void> {
  console.error(`building ${name} ${version} with Go, once, about ${buildSeconds} s`)
  await sweep(folder)
  // Within the folder: a rename is atomic only on one file system.
  const work = await mkdtemp(join(folder, WORK_PREFIX))
  const show = shower(`building ${name}`)
  let packages = 0
  // The compiler's cache is of no use later and large: kept apart, and removed with the work folder. The user's own
  // workspace, flags and C compiler must not decide what is built.
  const own = { GOBIN: work, GOCACHE: join(work, 'cache'), GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' }
  try {
    const { code, errorTail } = await runProgram('go', ['install', '-v', '-ldflags=-s -w', `${module}@${version}`], {
      env: { ...process.env, ...own },
      signal: AbortSignal.timeout(BUILD_TIMEOUT_MS),
      onErrorLine: (line) => show(`${++packages} packages, now ${line}`),
    })
    if (code !== 0) throw new Error(`"go install" ended with exit code ${code}: ${errorTail}`)
    await rename(join(work, name), join(folder, name))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Removes what a killed builder left. Called under the lock. */
async function sweep(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(WORK_PREFIX))
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

/** Shows a long step on standard error, now and then. */
function shower(step: string): (state: string) => void {
  let shownAt = Date.now()
  return (state) => {
    if (Date.now() - shownAt < SHOW_EVERY_MS) return
    shownAt = Date.now()
    console.error(`  ${step}: ${state}`)
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
