/** The published program, from the service that Temporal's own SDK downloads it from. */
import { createWriteStream } from 'node:fs'
import { resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { installProgram } from '../install.js'
import { TEMPORAL_VERSION } from '../pin.js'
import { runProgram } from '../run-program.js'
import { absent, type StepContext, type StepResult } from '../step.js'

/** A machine without internet learns it within this time, also where packets vanish instead of being refused. */
const ANSWER_TIMEOUT_MS = 5_000
/** A download of tens of megabytes may take minutes, but not pause this long. */
const STALL_TIMEOUT_MS = 30_000

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' }
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** What the service answers: where the archive is, and which of its files is the program. */
const Answer = z.object({ archiveUrl: z.url(), fileToExtract: z.string().min(1) })

/** Downloads the pinned version for this platform into the cache. */
export async function downloadProgram(context: StepContext): Promise<StepResult> {
  const platform = PLATFORMS[process.platform]
  const architecture = ARCHITECTURES[process.arch]
  if (platform === undefined || architecture === undefined) {
    return absent(`nothing is published for ${process.platform} on ${process.arch}`)
  }
  const query = new URLSearchParams({ platform, arch: architecture, format: 'tar.gz' })
  const url = `${context.downloadFrom}/cli/v${TEMPORAL_VERSION}?${query}`
  return installProgram(context, async (workFolder) => {
    const { archiveUrl, fileToExtract } = await ask(url, context.signal)
    const archive = resolve(workFolder, 'archive.tar.gz')
    await fetchInto(archive, archiveUrl, context)
    return extract(archive, fileToExtract, workFolder, context)
  })
}

async function ask(url: string, signal: AbortSignal): Promise<z.infer<typeof Answer>> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
  const response = await reach(url, within)
  const answer = Answer.safeParse(await response.json())
  if (answer.success) return answer.data
  throw new Error(`${url} answered what is not understood: ${z.prettifyError(answer.error)}`)
}

async function fetchInto(file: string, url: string, { signal, progress }: StepContext): Promise<void> {
  const stalled = new AbortController()
  const stall = () => stalled.abort(new Error(`${url} sent nothing for ${STALL_TIMEOUT_MS / 1000} s`))
  const timer = setTimeout(stall, STALL_TIMEOUT_MS)
  const within = AbortSignal.any([signal, stalled.signal])
  try {
    const { body, headers } = await reach(url, within)
    if (body === null) throw new Error(`${url} answered without a body`)
    const total = Number(headers.get('content-length')) || null
    let done = 0
    const counted = async function* () {
      for await (const chunk of body) {
        timer.refresh()
        done += chunk.byteLength
        progress({ done, total, unit: 'bytes', text: url })
        yield chunk
      }
    }
    await pipeline(counted, createWriteStream(file), { signal: within })
  } finally {
    clearTimeout(timer)
  }
}

/** Fetches, and says in one sentence why it could not: the reason hides in `cause` for a name that is not resolved. */
async function reach(url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal }).catch((thrown: unknown) => {
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
    throw new Error(`${url} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`.trimEnd())
  return response
}

/** Every platform that Temporal publishes for has a `tar` that reads gzip, so that no archive library is needed. */
async function extract(archive: string, name: string, workFolder: string, context: StepContext): Promise<string> {
  const program = resolve(workFolder, name)
  if (!program.startsWith(workFolder + sep)) throw new Error(`the program "${name}" lies outside the archive`)
  const { env, signal } = context
  const { code, errorTail } = await runProgram('tar', ['-xzf', archive, '-C', workFolder, name], { env, signal })
  if (code !== 0) throw new Error(`the archive cannot be unpacked: ${errorTail}`)
  return program
}
