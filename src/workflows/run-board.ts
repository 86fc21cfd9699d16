/** What a run shows while it goes: status query, search attributes and the Markdown page in the Temporal UI. */
import { defineQuery, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import { type Outcome, type RetrainInput, type RunStatus, STAGES, type Stage } from './messages.js'
import { type RunPage, runPage } from './run-page.js'
import { RefitModel, RefitOutcome, RefitStage, RefitTrigger, RefitVerdict } from './search-attributes.js'

/** Query `status` of a run. */
export const runStatusQuery = defineQuery<RunStatus>('status')

/**
 * The stages that are entered into the search attributes: those in which a run may stay for long, where the short stages
 * after one count to it. A run begins with `ingest`. To set a search attribute takes as long as a third of an activity:
 * the status query and the page tell of every stage, for nothing.
 */
const SEARCHED: ReadonlySet<Stage> = new Set(['train', 'evaluate', 'approve'])

/** A stage with the time spent in it. */
export interface StageTiming {
  readonly stage: Stage
  readonly seconds: number
  readonly text: string
}

/** Hangs up the board of a run that was asked for. */
export function openBoard(request: RetrainInput): RunBoard {
  const board = new RunBoard(request)
  setHandler(runStatusQuery, () => board.status, { description: 'Stage, facts so far, and what the run waits for' })
  // The steward starts a run with these; a person who types a model into the Temporal UI does not.
  if (workflowInfo().typedSearchAttributes.get(RefitModel) === undefined) {
    upsertSearchAttributes([
      { key: RefitModel, value: request.model },
      { key: RefitTrigger, value: request.trigger },
      { key: RefitStage, value: 'ingest' },
    ])
  }
  return board
}

/** The board of one run. Only stages that are searched for cost an event of the history; all else is free. */
export class RunBoard {
  readonly #texts = new Map<Stage, string>()
  readonly #entered: { readonly stage: Stage; readonly sinceMs: number }[] = [{ stage: 'admit', sinceMs: Date.now() }]
  #status: RunStatus
  #page: RunPage
  #verdict: string | undefined

  constructor({ model, trigger, reason }: RetrainInput) {
    this.#page = { title: `Refit run of model ${model}`, reason, ending: '' }
    const now = { stage: 'admit', since: timeNow() } as const
    this.#status = { model, run: null, ...now, trigger, facts: [], waitingFor: null, outcome: null }
    this.#show({})
  }

  /** Answer of the query. */
  get status(): RunStatus {
    return this.#status
  }

  admitted(run: number): void {
    this.#page = { ...this.#page, title: `Run ${run} of model ${this.#status.model}` }
    this.#texts.set('admit', `admitted as run ${run}`)
    this.#show({ run })
  }

  enter(stage: Stage): void {
    this.#entered.push({ stage, sinceMs: Date.now() })
    if (SEARCHED.has(stage)) upsertSearchAttributes([{ key: RefitStage, value: stage }, ...this.#verdictFound()])
    this.#show({ stage, since: timeNow(), progress: null })
  }

  /** Says how far the stage is. */
  progress(progress: string): void {
    this.#show({ progress })
  }

  /** Says what happened in a stage, in place of what was said before. */
  note(stage: Stage, text: string): void {
    this.#texts.set(stage, text)
    this.#show({})
  }

  judged(verdict: string): void {
    this.#verdict = verdict
  }

  registered(version: number): void {
    this.note('register', `registered as version ${version}`)
  }

  waitFor(waitingFor: string | null): void {
    this.#show({ waitingFor })
  }

  end(outcome: Outcome, reason: string): void {
    this.#page = { ...this.#page, ending: `**${outcome}**: ${reason}` }
    upsertSearchAttributes([
      { key: RefitStage, value: 'ended' },
      { key: RefitOutcome, value: outcome },
      ...this.#verdictFound(),
    ])
    this.#show({ stage: 'ended', since: timeNow(), outcome, waitingFor: null, progress: null })
  }

  /** Seconds spent in each stage so far, in order. */
  timings(): readonly StageTiming[] {
    return this.#entered.map(({ stage, sinceMs }, i) => {
      const untilMs = this.#entered[i + 1]?.sinceMs ?? Date.now()
      return { stage, seconds: (untilMs - sinceMs) / 1000, text: this.#texts.get(stage) ?? '' }
    })
  }

  #show(change: Partial<RunStatus>): void {
    const facts = STAGES.flatMap((stage) => {
      const text = this.#texts.get(stage)
      return text === undefined ? [] : [{ stage, text }]
    })
    this.#status = { ...this.#status, ...change, facts }
    setCurrentDetails(runPage(this.#page, this.#status))
  }

  #verdictFound() {
    return this.#verdict === undefined ? [] : [{ key: RefitVerdict, value: this.#verdict }]
  }
}

const timeNow = (): string => new Date(Date.now()).toISOString()
