/** One batch comes in, into a store that is removed. Started as a program, with a file: prints the peak of its memory. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ingestBatch } from '../../src/data/ingestion/ingest.js'
import { createFilesSource } from '../../src/source/files.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { LIMITS, PAYMENTS } from './payments.js'

/** What it took: milliseconds in all and by step, and processor time of all threads. */
export interface Ingested {
  readonly ms: number
  readonly cpuMs: number
  readonly steps: Readonly<Record<string, number>>
  readonly kept: number
  readonly quarantined: number
}

/** Ingests a file of payments as a worker does. */
export async function ingestOnce(file: string): Promise<Ingested> {
  const [folder, path] = [dirname(file), basename(file)]
  const root = await mkdtemp(join(folder, 'store-'))
  try {
    const context = { ...LIMITS, storage: await createLocalStorage(root), scratchFolder: join(root, 'scratch') }
    const { size, mtime } = await stat(file)
    const steps: Record<string, number> = {}
    let [step, since] = ['opening', performance.now()]
    const progress = (next: string) => {
      const now = performance.now()
      steps[step] = (steps[step] ?? 0) + now - since
      step = next
      since = now
    }
    const [startedMs, usage] = [performance.now(), process.cpuUsage()]
    const ingested = await ingestBatch(context, {
      spec: PAYMENTS,
      specRevision: 1,
      from: createFilesSource({ glob: '*', folder }),
      source: { path, bytes: size, modifiedAt: mtime.toISOString() },
      actor: 'bench',
      progress,
    })
    progress('end')
    const took = { ms: performance.now() - startedMs, cpuMs: cpuMsSince(usage) }
    const receipt = ingested?.commit.receipt
    if (receipt === undefined || receipt.unreadable !== undefined) {
      throw new Error(`The batch did not come in: ${receipt?.unreadable ?? 'there was none'}`)
    }
    return { ...took, steps, kept: receipt.kept, quarantined: receipt.quarantined }
  } finally {
    await rm(root, { recursive: true })
  }
}

/** Milliseconds of processor time of this process, all threads, since `usage` was taken. */
export function cpuMsSince(usage: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(usage)
  return (user + system) / 1000
}

const [, program, file] = process.argv
if (program === fileURLToPath(import.meta.url) && file !== undefined) {
  await ingestOnce(file)
  // Kilobytes, by getrusage(2).
  console.log(String(process.resourceUsage().maxRSS * 1024))
}
