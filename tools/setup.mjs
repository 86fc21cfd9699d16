// Makes a clone ready to run: installs what the lock file names, compiles what changed. Doing nothing takes no time.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { withLock } from './lock.mjs'
import { ROOT, run, runScript, say } from './root.mjs'

const DIST = join(ROOT, 'dist')
const SOURCES = ['src', 'test', 'bench']
/** Written after a build without errors: the compiler's own file is written in any case. */
const STAMP = join(DIST, '.built')

/** Outside the folder, which `npm ci` and `clean` may empty. */
const LOCK = join(tmpdir(), `refit-setup-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}.lock`)

/** Installs and compiles as far as needed. */
export const setup = () =>
  withLock(LOCK, () => {
    install()
    if (isBuildOld()) build()
  })

/** Installs the packages of the lock file unless they are there. */
export function install() {
  if (isInstalled()) return
  say('installing packages (npm ci)')
  // Its install script fetches GPU libraries from outside the registry; Refit scores on the CPU.
  process.env.ONNXRUNTIME_NODE_INSTALL ??= 'skip'
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}

/** Compiles all sources; ends this process when they have errors. */
export function build() {
  say('compiling (tsc)')
  removeOrphans()
  runScript(join(ROOT, 'node_modules/typescript/bin/tsc'), ['-p', 'tsconfig.json'])
  writeFileSync(STAMP, '')
}

/** By content: times say nothing after a checkout. Optional packages are for other platforms. */
function isInstalled() {
  const present = packagesOf('node_modules/.package-lock.json')
  const wanted = Object.entries(packagesOf('package-lock.json') ?? {})
  if (present === undefined) return false
  return wanted.every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || optional || devOptional || present[path]?.version === version,
  )
}

function packagesOf(file) {
  const path = join(ROOT, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}

function isBuildOld() {
  if (!existsSync(STAMP)) return true
  const builtAt = statSync(STAMP).mtimeMs
  const files = ['tsconfig.json', 'package-lock.json', ...SOURCES.flatMap(filesIn)]
  return files.some((file) => statSync(join(ROOT, file)).mtimeMs > builtAt) || orphans().length > 0
}

/** Compiled files whose source is gone: a test that was deleted must not go on passing. */
function orphans() {
  const compiled = /\.(d\.ts|js|js\.map)$/
  return SOURCES.flatMap((folder) => filesIn(join('dist', folder)))
    .filter((file) => compiled.test(file))
    .filter((file) => !existsSync(join(ROOT, relative('dist', file).replace(compiled, '.ts'))))
}

function removeOrphans() {
  for (const file of orphans()) rmSync(join(ROOT, file))
}

/** All files in a folder of the package, as paths relative to the package. */
export function filesIn(folder) {
  const root = join(ROOT, folder)
  if (!existsSync(root)) return []
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath ?? entry.path, entry.name)))
}

if (process.argv[1] === new URL(import.meta.url).pathname) await setup()
