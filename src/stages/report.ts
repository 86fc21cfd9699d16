/** The end of a run: what it leaves for people, and for the next decision. */
import { enterOutcome } from '../ledger/decision-log.js'
import { keepStage, runKey } from '../ledger/run-ledger.js'
import type { Ports, RunAt } from './ports.js'
import { type EndOutput, readRunRecord } from './run-record.js'

/** Where the reports of runs are kept. */
export const reportKey = ({ model, run }: RunAt): string => runKey(model, run, 'report.html')

/** Writes the report of a run that has ended, and enters the outcome into the history of decisions. */
export async function report(
  { storage, renderReport, now }: Pick<Ports, 'storage' | 'renderReport' | 'now'>,
  input: RunAt & Omit<EndOutput, 'endedAt'>,
): Promise<{ readonly version: number | null; readonly report: string }> {
  const { model, run, outcome, reason, stages } = input
  const end: EndOutput = { endedAt: now().toISOString(), outcome, reason, stages }
  await keepStage(storage, { model, run, stage: 'report' }, async () => end)
  const record = await readRunRecord(storage, { model, run })
  await enterOutcome(storage, model, { run, outcome, trainingSeconds: record.training?.seconds ?? null })
  await storage.replace(reportKey({ model, run }), new TextEncoder().encode(renderReport(record)))
  return { version: record.version, report: reportKey({ model, run }) }
}
