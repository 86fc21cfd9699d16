/** The package as npm would publish it, packed from a copy of this folder: packing empties `dist`, where tests run. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { packageFile } from './example-file.js'

/** A packed package. */
export interface Packed {
  readonly tarball: string
  /** Files in it, relative to the package. */
  readonly files: readonly string[]
}

/** What no copy needs: it is made again, or belongs to the clone. */
const NOT_COPIED = /^(\.git|node_modules|dist.*|\.refit|.*\.tgz)$/

/** What working in a clone leaves behind, in the places where it is left. */
export const LEFT_BEHIND = [
  '.refit/store/models/flights/spec/0000000001.json',
  'examples/flights/.refit/temporal.db',
  'examples/flights/landing/2001-01.parquet',
  'examples/flights/flights-run-1.html',
  'examples/flights/refit.schema.json',
  'examples/flights/node_modules/vega-datasets/package.json',
  'examples/flights-lightgbm/.venv/pyvenv.cfg',
  'examples/flights-lightgbm/__pycache__/train.cpython-312.pyc',
  'python/__pycache__/refit_trainer.cpython-312.pyc',
  'worker.log',
]

/** Packs. `build` compiles from the sources, as publishing does; without it the build that runs this is taken. */
export function packPackage(folder: string, { build }: { readonly build: boolean }): Packed {
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const name of readdirSync(packageFile(''))) {
    if (!NOT_COPIED.test(name)) cpSync(packageFile(name), join(copy, name), { recursive: true })
  }
  symlinkSync(packageFile('node_modules'), join(copy, 'node_modules'), 'junction')
  if (!build) {
    cpSync(fileURLToPath(new URL('../../src', import.meta.url)), join(copy, 'dist', 'src'), { recursive: true })
    writeFileSync(join(copy, 'dist', 'refit.schema.json'), '{}')
  }
  for (const name of LEFT_BEHIND) {
    mkdirSync(dirname(join(copy, name)), { recursive: true })
    writeFileSync(join(copy, name), 'left behind')
  }
  const answer = npm(['pack', '--json', '--loglevel=error', ...(build ? [] : ['--ignore-scripts'])], copy)
  // What the build says comes before the JSON.
  const [packed] = Answer.parse(JSON.parse(answer.slice(answer.search(/^\[\s*\{/m))))
  return { tarball: join(copy, packed.filename), files: packed.files.map(({ path }) => path) }
}

const Answer = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })])

/** Runs npm, as the shell of this platform would, and gives its standard output. */
export function npm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const program = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  return execFileSync(program, [...args], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
