/** What the demonstration acts with: months that arrive, runs that are followed, and the marks it leaves for its checks. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunRecord } from '../../decisions/run-record.js'
import { RefitError } from '../../errors.js'
import { readRunRecord } from '../../stages/run-record.js'
import { renderReport } from '../../web/report/render-report.js'
import { AdmitRequest, type RunResult } from '../../workflows/messages.js'
import { applyGiven } from '../apply.js'
import { followRun } from '../follow-run.js'
import { readSpecFile } from '../read-spec-file.js'
import type { Stack } from '../stack/stack.js'

/** Splits the flights by month; run from the package, whose dependencies it needs. */
const MONTHS = fileURLToPath(new URL('../../../../examples/flights/months.mjs', import.meta.url))

/** A run as the demonstration saw it. */
export interface SeenRun {
  readonly result: RunResult
  readonly record: RunRecord
}

/** The stage. */
export interface DemoStage {
  readonly stack: Stack
  readonly folder: string
  readonly model: string
  readonly say: (line: string) => void
  /** Lets a month of flights land, as if it had just arrived. */
  arrive(month: string): Promise<void>
  /** Lets a file land. */
  land(name: string, content: Uint8Array | string): Promise<void>
  /** Version that is champion now. */
  champion(): Promise<number>
  /** Starts a run and follows it to its end; `during` is told the run's number and may throw faults in. */
  run(request: object, during?: (run: number) => Promise<void>): Promise<SeenRun>
  /** Follows a run that somebody else started. */
  follow(run: number, workflowId: string): Promise<SeenRun>
}

/** Sets up the stage: the spec is applied, nothing has arrived. */
export async function openStage(given: {
  readonly stack: Stack
  readonly folder: string
  readonly specFile: string
  readonly say: (line: string) => void
}): Promise<DemoStage> {
  const { stack, folder, specFile, say } = given
  const spec = await readSpecFile(specFile)
  say(`  ${(await applyGiven({ spec, folder: dirname(specFile) }, false)).text.replaceAll('\n', '\n  ')}`)
  const { model } = spec
  const { client } = stack.connection
  await mkdir(join(folder, 'reports'), { recursive: true })

  const follow = async (run: number, workflowId: string): Promise<SeenRun> => {
    await followRun(client, workflowId, (line) => say(`  ${line}`))
    const result = await client.result(workflowId)
    const record = await readRunRecord(stack.ports.storage, { model, run })
    await writeFile(join(folder, 'reports', `run-${run}.html`), renderReport(record))
    say(`    ${result.outcome.toUpperCase()}: ${result.reason}`)
    return { result, record }
  }
  return {
    stack,
    folder,
    model,
    say,
    follow,
    arrive: (month) => runNode(folder, [MONTHS, month]),
    land: (name, content) => writeFile(join(folder, 'landing', name), content),
    async champion() {
      const position = await stack.ports.registry.alias(model, 'champion')
      if (position === undefined) throw new Error('the spec was applied, so there is a champion')
      return position.version
    },
    async run(request, during) {
      const ruling = await client.admit(model, AdmitRequest.parse({ id: randomUUID(), actor: 'demo', ...request }))
      if (ruling.kind !== 'admitted') throw new RefitError('Conflict', `A run was not admitted: ${ruling.reason}`)
      say(`  run ${ruling.run}`)
      const [seen] = await Promise.all([follow(ruling.run, ruling.workflowId), during?.(ruling.run)])
      return seen
    },
  }
}

async function runNode(cwd: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new RefitError('InvalidInput', `Cannot run ${args.join(' ')}: ${complaint.trim()}`)
}
