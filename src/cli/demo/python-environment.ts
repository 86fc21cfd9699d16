/** Python environments with the packages that an example needs, made once and kept in the user's cache. */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../../errors.js'

const run = promisify(execFile)

/** Where a Python with the packages is, or what is missing for it and how to get it. */
export type PythonEnvironment =
  | {
      /** The interpreter. */
      readonly python: string
      /** `process.env` with that interpreter as the first `python3` of PATH. */
      readonly env: NodeJS.ProcessEnv
    }
  | { readonly missing: string }

/** Large packages over a slow line. */
const INSTALL_TIMEOUT_MS = 15 * 60_000

/**
 * Gives a Python that has what a requirements file (its path), or a list, asks for; an empty list is for scripts that
 * need the standard library only.
 */
export async function pythonEnvironment(requirements: string | readonly string[]): Promise<PythonEnvironment> {
  const text = typeof requirements === 'string' ? await readFile(requirements, 'utf8') : requirements.join('\n')
  try {
    const { stdout: version } = await run('python3', ['-c', 'import sys; print(sys.version)'])
    const key = createHash('sha256').update(`${version}\n${text}`).digest('hex').slice(0, 16)
    const folder = join(process.env.REFIT_CACHE ?? join(homedir(), '.cache', 'refit'), 'python', key)
    if (!(await exists(folder))) await install(folder, text)
    const bin = join(folder, 'bin')
    const env = { ...process.env, PATH: [bin, process.env.PATH ?? ''].join(delimiter) }
    return { python: join(bin, 'python3'), env }
  } catch (thrown) {
    return { missing: sentence(text, thrown) }
  }
}

/** Builds beside the final place and renames: of tests that run at once one wins, and none sees half of it. */
async function install(folder: string, requirements: string): Promise<void> {
  const draft = `${folder}.${randomUUID()}`
  await mkdir(join(folder, '..'), { recursive: true })
  try {
    const needsPip = requirements.trim() !== ''
    await run('python3', ['-m', 'venv', ...(needsPip ? [] : ['--without-pip']), draft])
    if (needsPip) {
      const file = join(draft, 'requirements.txt')
      await writeFile(file, requirements)
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1', '-r', file]
      await run(join(draft, 'bin', 'python3'), pip, { timeout: INSTALL_TIMEOUT_MS })
    }
    await rename(draft, folder)
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true })
    if (!(await exists(folder))) throw thrown
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function sentence(requirements: string, thrown: unknown): string {
  const asked = requirements.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const wanted = asked.length === 0 ? 'Python 3.9 or later' : `Python with ${asked.join(', ')}`
  const wayOut = 'Install python3 with its venv module (Debian: apt-get install python3-venv) and let pip reach PyPI.'
  return `${wanted} is missing. ${wayOut} Found: ${messageOf(thrown).trim().slice(-500)}`
}
