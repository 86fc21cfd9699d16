import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Folder of the package. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Says what the tools do, on standard error: standard output belongs to what they start. */
export const say = (text) => console.error(`\n▸ ${text}`)

/** Runs a program in the package's folder; ends this process with its exit code when that is not 0. */
export function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' })
  if (error) console.error(`Cannot run ${program}: ${error.message}.`)
  if (status !== 0) process.exit(status ?? 1)
}

/** Runs a script of an installed package by this Node. A `.cmd` of Windows would need a shell, the script does not. */
export const runScript = (path, args) => run(process.execPath, [path, ...args])
