import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where programs are, who and where the user is, and how text and times are written: no secret, needed by most. */
const BASICS = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'] as const

/** Folder of `refit_trainer.py`, so that `import refit_trainer` works wherever the team's script lies. */
const PYTHON_FOLDER = fileURLToPath(new URL('../../../python', import.meta.url))

/**
 * The environment of a program of the team: PATH, HOME, LANG and the like, the variables it was allowed by name, and
 * three settings for Python (find `refit_trainer`, write lines at once, leave no compiled files in the team's folder).
 * Everything else that the worker knows stays with the worker.
 */
export function programEnvironment(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  const seen = new Set<string>([...BASICS, ...names])
  const chosen = Object.fromEntries(Object.entries(env).filter(([name]) => seen.has(name)))
  const path = [PYTHON_FOLDER, chosen.PYTHONPATH].filter((part) => part !== undefined && part !== '')
  return { PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1', ...chosen, PYTHONPATH: path.join(delimiter) }
}

/** Shorter values are words such as `true` or `8`, which a log needs. */
const SHORTEST_SECRET = 8

/** Gives a function that writes `[NAME]` wherever the value of a named variable stands: logs travel, secrets must not. */
export function hideSecrets(env: NodeJS.ProcessEnv, names: readonly string[]): (text: string) => string {
  const secrets = names.flatMap((name) => {
    const value = env[name]
    return value !== undefined && value.length >= SHORTEST_SECRET ? [{ name, value }] : []
  })
  return (text) => secrets.reduce((shown, { name, value }) => shown.replaceAll(value, `[${name}]`), text)
}
