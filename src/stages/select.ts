/** Selection: the rows that the decision asked for, split by time into training, validation and holdout. */

import { openSnapshot } from '../data/dataset/snapshot.js'
import { type Selection, selectRows } from '../data/selection/select.js'
import { count, rows } from '../decisions/plain-numbers.js'
import { keepStage } from '../ledger/run-ledger.js'
import type { DecideOutput } from './decide.js'
import type { IngestSummary } from './ingestion.js'
import type { Ports, RunAt } from './ports.js'
import { type LogEnds, readingRows } from './reading-rows.js'
import { openPlan } from './run-plan.js'
import { stageOf } from './stage-output.js'

/** Fewer rows than these cannot train or examine anything. */
const LEAST_TRAINING_ROWS = 100
const LEAST_HOLDOUT_ROWS = 30

/** What a selection left behind. */
export interface SelectOutput extends Selection {
  readonly text: string
  readonly isEnough: boolean
  /** Where the logs of rows and answers ended before these were read: what was erased up to there is not among them. */
  readonly seen?: LogEnds
}

/** Selects training, validation and holdout rows, each a stored Parquet file. */
export async function select({ storage, data }: Pick<Ports, 'storage' | 'data'>, at: RunAt): Promise<SelectOutput> {
  return keepStage(storage, { ...at, stage: 'select' }, async () => {
    const { spec } = (await openPlan(storage, at)).revision
    const { snapshot, answers } = await stageOf<IngestSummary>(storage, at, 'ingest')
    const { decision, evidence } = await stageOf<DecideOutput>(storage, at, 'decide')
    if (decision.window === null) throw new Error('A decision to retrain names a window')
    const { window } = decision
    return readingRows(storage, spec, async (seen) => {
      const selected = await selectRows(data, {
        spec,
        snapshot: await openSnapshot(data, at.model, snapshot),
        answers,
        window,
        holdoutDays: spec.gates.holdoutDays,
        asOf: evidence.asOf,
        seed: spec.trainer.seed,
      })
      return { ...describe(selected), seen }
    })
  })
}

function describe(selected: Selection): SelectOutput {
  const { trainingRows, validationRows, holdoutRows, oldRows, from, to, labels } = selected
  const isEnough = trainingRows >= LEAST_TRAINING_ROWS && holdoutRows >= LEAST_HOLDOUT_ROWS
  const weak = labels === undefined || labels.weak.known === 0 ? '' : `, ${count(labels.weak.known)} by weak labels`
  const parts = `${rows(trainingRows)} to train (${count(oldRows)} old${weak}), ${count(validationRows)} to validate, ${count(holdoutRows)} to examine`
  const span = from === null || to === null ? '' : `, training from ${from} to ${to}`
  const text = isEnough ? `${parts}${span}` : `too few labelled rows: ${parts}`
  return { ...selected, text, isEnough }
}
