/** The end of a run: what it leaves for people, and for the next decision. */
import { enterOutcome } from '../ledger/decision-log.js'
import { keepStage, runKey } from '../ledger/run-ledger.js'
import type { Ports, RunAt } from './ports.js'
import { type EndOutput, readRunRecord } from './run-record.js'

/** Where the reports of runs are kept. */
export const reportKey = ({ model, run }: RunAt): string => runKey(model, run, 'report.html')

/** Records how a run ended, and enters the outcome into the history of decisions. Gives the version that it registered. */
export async function recordEnd(
  { storage, now }: Pick<Ports, 'storage' | 'now'>,
  input: RunAt & Omit<EndOutput, 'endedAt'>,
): Promise<{ readonly version: number | null }> {
  const { model, run, outcome, reason, stages } = input
  const end: EndOutput = { endedAt: now().toISOString(), outcome, reason, stages }
  await keepStage(storage, { model, run, stage: 'report' }, async () => end)
  const record = await readRunRecord(storage, { model, run })
  await enterOutcome(storage, model, { run, outcome, trainingSeconds: record.training?.seconds ?? null })
  return { version: record.version }
}

/** Writes the report of a run whose end was recorded. Gives its key. */
export async function report(
  { storage, renderReport }: Pick<Ports, 'storage' | 'renderReport'>,
  { model, run }: RunAt,
): Promise<{ readonly report: string }> {
  const page = renderReport(await readRunRecord(storage, { model, run }))
  await storage.replace(reportKey({ model, run }), new TextEncoder().encode(page))
  return { report: reportKey({ model, run }) }
}
