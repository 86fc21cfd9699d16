/** The program built from source: where only a Go module proxy can be reached, it is the one way left. */
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../../errors.js'
import { installProgram } from '../install.js'
import { PROGRAM_NAME, TEMPORAL_VERSION } from '../pin.js'
import { type ProgramOptions, runProgram } from '../run-program.js'
import { absent, type StepContext, type StepResult } from '../step.js'
import { isAtLeast } from '../versions.js'

/** What the module's `go` line asks for. */
const OLDEST_GO = '1.26.4'
/** First Go that fetches a newer toolchain by itself. */
const OLDEST_SWITCHING_GO = '1.21.0'
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal'
/** Without symbols the program has 138 MB instead of 195; the version is stamped since it is not built by its makers. */
const LINKER_FLAGS = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${TEMPORAL_VERSION}`

/** Builds the pinned version into the cache. Takes minutes; downloads about 3 GB of modules when none are cached. */
export async function buildProgram(context: StepContext): Promise<StepResult> {
  const obstacle = await obstacleToGo(context)
  if (obstacle !== undefined) return absent(obstacle)
  return installProgram(context, (workFolder) => build(workFolder, context))
}

/** Why this machine's Go cannot build it, or `undefined` when it can. */
async function obstacleToGo({ env, signal }: StepContext): Promise<string | undefined> {
  try {
    // Outside the module, so that asking does not already fetch a toolchain.
    const { stdout } = await runProgram('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { env, signal, cwd: tmpdir() })
    const [version = '', toolchain = ''] = stdout.split('\n').map((line) => line.trim().replace(/^go(?=\d)/, ''))
    const canSwitch = toolchain !== 'local' && isAtLeast(version, OLDEST_SWITCHING_GO)
    if (canSwitch || isAtLeast(version, OLDEST_GO)) return undefined
    return `Go ${version} is older than ${OLDEST_GO} and may not fetch a newer one (GOTOOLCHAIN=${toolchain})`
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return `Go cannot be run: ${messageOf(thrown)}`
  }
}

async function build(workFolder: string, context: StepContext): Promise<string> {
  const { signal, progress } = context
  const cwd = join(workFolder, 'module')
  await cp(context.moduleFolder, cwd, { recursive: true })
  const env = {
    ...context.env,
    // Some 3 GB that nothing else would use: kept apart, and removed with the work folder.
    GOCACHE: join(workFolder, 'cache'),
    // The user's own workspace, flags and C compiler must not decide what is built.
    GOFLAGS: '',
    GOWORK: 'off',
    CGO_ENABLED: '0',
  }
  const show = (done: number, total: number | null, text: string) => progress({ done, total, unit: 'packages', text })

  const listed = await go(['list', '-deps', PACKAGE], { env, signal, cwd, onErrorLine: (line) => show(0, null, line) })
  const total = listed.split('\n').filter(Boolean).length
  let done = 0
  const made = join(workFolder, PROGRAM_NAME)
  await go(['build', '-v', '-trimpath', '-ldflags', LINKER_FLAGS, '-o', made, PACKAGE], {
    env,
    signal,
    cwd,
    // `-v` names each package as its compilation begins.
    onErrorLine: (line) => show(++done, total, line),
  })
  return made
}

async function go(args: readonly string[], options: ProgramOptions): Promise<string> {
  const { code, stdout, errorTail } = await runProgram('go', args, options)
  if (code === 0) return stdout
  throw new Error(`"go ${args[0]}" ended with exit code ${code}: ${errorTail}`)
}
