import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { RefitError } from '../errors.js'
import { readRunRecord } from '../stages/run-record.js'
import { readRunSummaries } from '../stages/summaries.js'
import { renderReport } from '../web/report/render-report.js'
import { openSession, whichModel, wholeNumber } from './session.js'
import { answers } from './verb.js'
import { countText } from './words.js'

/** `refit report [MODEL] [--run N]`: one self-contained HTML file for a run. */
export function reportCommand(program: Command): void {
  const command = program
    .command('report [model]')
    .description('write the report of a run as one self-contained HTML file')
    .option('--run <number>', 'the run; the newest unless given')
    .option('--out <file>', 'where to write it; MODEL-run-N.html unless given')
  answers<{ run?: string; out?: string }>(command, async ([named], options) => {
    const { storage } = await openSession()
    const model = await whichModel(storage, named)
    const runs = await readRunSummaries({ storage }, model)
    const run = options.run === undefined ? runs[0]?.run : wholeNumber(options.run, 'run')
    if (run === undefined || !runs.some((summary) => summary.run === run)) {
      const which = run === undefined ? 'a run' : `run ${run}`
      throw new RefitError('NotFound', `Cannot find ${which} of "${model}": it has ${countText(runs.length, 'run')}.`)
    }
    const record = await readRunRecord(storage, { model, run })
    const path = resolve(options.out ?? `${model}-run-${run}.html`)
    await writeFile(path, renderReport(record))
    return { json: { path, record }, text: `The report of run ${run} of "${model}" is in ${path}.` }
  })
}
