import { fileURLToPath } from 'node:url'
import { RefitError, unreachable } from '../errors.js'
import { STEPS, type StepName, type TemporalEvent, type TemporalServer } from './events.js'
import { cacheFolder, programFolder, TEMPORAL_VERSION } from './pin.js'
import type { Step, StepContext } from './step.js'
import { buildProgram } from './steps/build.js'
import { configuredAddress, configuredProgram } from './steps/configured.js'
import { downloadProgram } from './steps/download.js'
import { programInCache, programOnPath } from './steps/installed.js'

/** How a server is looked for. */
export interface FindOptions {
  /** Environment to read `TEMPORAL_ADDRESS`, `TEMPORAL_CLI_PATH`, `PATH` and the cache folder's variables from. */
  readonly env: NodeJS.ProcessEnv
  /** Told what happens, as it happens. */
  report(event: TemporalEvent): void
  /** The ways to try, all by default; `INSTALLED_STEPS` neither downloads nor builds. */
  readonly steps?: readonly StepName[]
  /** Gives up; the promise then rejects with `Cancelled`. */
  readonly signal?: AbortSignal
  /** Origin of the download service; Temporal's own by default. */
  readonly downloadFrom?: string
  /** Folder of the Go module that pins the server; that of this package by default. */
  readonly moduleFolder?: string
}

/** `tools/temporal-server` of the package, seen from the compiled file. */
const MODULE_FOLDER = fileURLToPath(new URL('../../../tools/temporal-server/', import.meta.url))

const DOWNLOAD_FROM = 'https://temporal.download'

/**
 * Finds a Temporal server or a program that is one, the cheapest way first: what the user names, what is installed, a
 * download, a build. Rejects with `TemporalUnavailable`, naming everything that was tried, when no way leads to one.
 */
export async function findTemporalServer(options: FindOptions): Promise<TemporalServer> {
  const { report, steps = STEPS, signal = new AbortController().signal } = options
  const reasons: string[] = []
  for (const step of steps) {
    report({ kind: 'trying', step })
    const result = await cancellable(signal, () => stepOf(step)(contextOf(step, options, signal)))
    if (result.kind !== 'absent') {
      report({ kind: 'found', step, server: result })
      return result
    }
    report({ kind: 'absent', step, reason: result.reason })
    reasons.push(`- ${step}: ${result.reason}`)
  }
  throw noServer(reasons)
}

function stepOf(name: StepName): Step {
  switch (name) {
    case 'address':
      return configuredAddress
    case 'cliPath':
      return configuredProgram
    case 'path':
      return programOnPath
    case 'cache':
      return programInCache
    case 'download':
      return downloadProgram
    case 'build':
      return buildProgram
    default:
      return unreachable(name)
  }
}

function contextOf(step: StepName, options: FindOptions, signal: AbortSignal): StepContext {
  const { env, report, downloadFrom = DOWNLOAD_FROM, moduleFolder = MODULE_FOLDER } = options
  return {
    env,
    folder: programFolder(cacheFolder(env)),
    downloadFrom,
    moduleFolder,
    signal,
    progress: (progress) => report({ kind: 'progress', step, ...progress }),
  }
}

async function cancellable<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!signal.aborted) throw thrown
    throw new RefitError('Cancelled', 'Looking for a Temporal server was cancelled.', { cause: thrown })
  }
}

function noServer(reasons: readonly string[]): RefitError {
  return new RefitError(
    'TemporalUnavailable',
    [
      'Cannot find a Temporal server:',
      ...reasons,
      'Set TEMPORAL_ADDRESS to a server that runs, or TEMPORAL_CLI_PATH to the program `temporal` ' +
        `(https://docs.temporal.io/cli; Refit is tested with ${TEMPORAL_VERSION}), or install Go so that it can be built.`,
    ].join('\n'),
  )
}
