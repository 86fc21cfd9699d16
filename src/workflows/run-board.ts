/** What a run shows while it goes: status query, search attributes and the Markdown page in the Temporal UI. */
import { defineQuery, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import { type Outcome, type RetrainInput, type RunStatus, STAGES, type Stage } from './messages.js'
import { RefitModel, RefitOutcome, RefitStage, RefitTrigger, RefitVerdict } from './search-attributes.js'

/** Query `status` of a run. */
export const runStatusQuery = defineQuery<RunStatus>('status')

/**
 * The stages that are entered into the search attributes: those in which a run may stay for long, where the short stages
 * after one count to it. A run begins with `ingest`. To set a search attribute takes as long as a third of an activity:
 * the status query and the page tell of every stage, for nothing.
 */
const SEARCHED: ReadonlySet<Stage> = new Set(['train', 'evaluate', 'approve'])

/** The board of one run. */
export interface RunBoard {
  admitted(run: number): void
  enter(stage: Stage): void
  note(stage: Stage, text: string): void
  judged(verdict: string): void
  registered(version: number): void
  waitFor(what: string | null): void
  end(outcome: Outcome, reason: string): void
  /** Seconds spent in each stage so far, in order. */
  timings(): readonly { readonly stage: Stage; readonly seconds: number; readonly text: string }[]
}

/** Hangs up the board of a run that was asked for. */
export function openBoard({ model, trigger, reason }: RetrainInput): RunBoard {
  const texts = new Map<Stage, string>()
  const times: { stage: Stage; since: number }[] = []
  const now = () => new Date(Date.now()).toISOString()
  let status: RunStatus = {
    model,
    run: null,
    stage: 'admit',
    since: now(),
    trigger,
    facts: [],
    waitingFor: null,
    outcome: null,
  }
  let title = `Refit run of model ${model}`
  let ending = ''
  let verdict: string | undefined
  const verdictFound = () => (verdict === undefined ? [] : [{ key: RefitVerdict, value: verdict }])

  const show = (change: Partial<RunStatus>) => {
    const facts = STAGES.flatMap((stage) => {
      const text = texts.get(stage)
      return text === undefined ? [] : [{ stage, text }]
    })
    status = { ...status, ...change, facts }
    setCurrentDetails(asMarkdown(title, status, reason, ending))
  }

  setHandler(runStatusQuery, () => status, { description: 'Stage, facts so far, and what the run waits for' })
  // The steward starts a run with these; a person who types a model into the Temporal UI does not.
  if (workflowInfo().typedSearchAttributes.get(RefitModel) === undefined) {
    upsertSearchAttributes([
      { key: RefitModel, value: model },
      { key: RefitTrigger, value: trigger },
      { key: RefitStage, value: 'ingest' },
    ])
  }
  times.push({ stage: 'admit', since: Date.now() })
  show({})

  return {
    admitted(run) {
      title = `Run ${run} of model ${model}`
      texts.set('admit', `admitted as run ${run}`)
      show({ run })
    },
    enter(stage) {
      times.push({ stage, since: Date.now() })
      if (SEARCHED.has(stage)) upsertSearchAttributes([{ key: RefitStage, value: stage }, ...verdictFound()])
      show({ stage, since: now() })
    },
    note(stage, text) {
      texts.set(stage, text)
      show({})
    },
    judged(found) {
      verdict = found
    },
    registered(version) {
      texts.set('register', `registered as version ${version}`)
      show({})
    },
    waitFor: (waitingFor) => show({ waitingFor }),
    end(outcome, why) {
      ending = `**${outcome}**: ${why}`
      upsertSearchAttributes([
        { key: RefitStage, value: 'ended' },
        { key: RefitOutcome, value: outcome },
        ...verdictFound(),
      ])
      show({ stage: 'ended', since: now(), outcome, waitingFor: null })
    },
    timings: () =>
      times.map(({ stage, since }, i) => ({
        stage,
        seconds: secondsUntilNext(times, i, since),
        text: texts.get(stage) ?? '',
      })),
  }
}

function secondsUntilNext(times: readonly { since: number }[], i: number, since: number): number {
  const until = times[i + 1]?.since ?? Date.now()
  return (until - since) / 1000
}

function asMarkdown(title: string, status: RunStatus, reason: string, ending: string): string {
  const facts = new Map(status.facts.map(({ stage, text }) => [stage, text]))
  const lines = STAGES.map(
    (stage) => `| ${markOf(stage, status, facts)} | ${stage} | ${cell(facts.get(stage) ?? '')} |`,
  )
  const next = status.waitingFor === null ? '' : `\n\n**Waiting:** ${status.waitingFor}`
  const why = reason === '' ? status.trigger : `${status.trigger}: ${reason}`
  return `### ${title}\n\nStarted by ${cell(why)}.\n\n| | stage | what happened |\n|---|---|---|\n${lines.join('\n')}${next}\n\n${ending}`
}

/** A table cell may hold neither a line break nor a bar. */
const cell = (text: string): string => text.replaceAll('|', '/').replaceAll(/\s+/g, ' ').slice(0, 600)

function markOf(stage: Stage, status: RunStatus, facts: ReadonlyMap<Stage, string>): string {
  if (status.stage === stage) return '▶'
  return facts.has(stage) ? '✓' : ''
}
