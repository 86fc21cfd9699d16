import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { messageOf } from '../errors.js'
import { OLDEST_SERVER } from './pin.js'
import { runProgram } from './run-program.js'
import { absent, type StepResult } from './step.js'
import { isAtLeast } from './versions.js'

/** How long a program may take to say its version; a cold start from a slow disk takes seconds. */
const VERSION_TIMEOUT_MS = 20_000

/** Asks a program for its version and accepts it when it is a Temporal command line that is new enough. */
export async function inspectBinary(path: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<StepResult> {
  if (!isAbsolute(path)) return absent(`"${path}" is not an absolute path`)
  const within = AbortSignal.any([signal, AbortSignal.timeout(VERSION_TIMEOUT_MS)])
  try {
    const { code, stdout } = await runProgram(path, ['--version'], { env, signal: within })
    return code === 0 ? accept(path, stdout) : absent(`"${path} --version" ended with exit code ${code}`)
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return absent(`"${path}" cannot be run: ${messageOf(thrown)}`)
  }
}

/** Reads `temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)`. */
function accept(path: string, text: string): StepResult {
  const server = /\(Server (\d+\.\d+\.\d+)/.exec(text)?.[1]
  if (server === undefined) return absent(`"${path}" does not call itself a Temporal command line with a server`)
  if (!isAtLeast(server, OLDEST_SERVER)) {
    return absent(`"${path}" has server ${server}, and Refit needs ${OLDEST_SERVER} or newer`)
  }
  return { kind: 'binary', path, version: server }
}

/** Whether a file can be run by this user. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
