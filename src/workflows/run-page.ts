/** The page of a run in the Temporal UI, as Markdown. */
import { type RunStatus, STAGES, type Stage } from './messages.js'

/** What stands on the page besides the status. */
export interface RunPage {
  readonly title: string
  /** Why it was started, in words; may be empty. */
  readonly reason: string
  /** How it ended; empty until then. */
  readonly ending: string
}

/** Renders it: every stage with what happened there, and what the run waits for. */
export function runPage({ title, reason, ending }: RunPage, status: RunStatus): string {
  const facts = new Map(status.facts.map(({ stage, text }) => [stage, text]))
  const lines = STAGES.map(
    (stage) => `| ${markOf(stage, status, facts)} | ${stage} | ${cell(facts.get(stage) ?? '')} |`,
  )
  const why = reason === '' ? status.trigger : `${status.trigger}: ${reason}`
  const head = `### ${title}\n\nStarted by ${cell(why)}.\n\n| | stage | what happened |\n|---|---|---|\n`
  return `${head}${lines.join('\n')}\n\n${stateText(status, ending)}`
}

function stateText({ stage, since, progress, waitingFor }: RunStatus, ending: string): string {
  if (stage === 'ended') return ending
  const at = `In stage ${stage} since ${since}${progress == null ? '' : `: ${progress}`}.`
  // What an activity waits for is seen by the server only.
  return waitingFor === null
    ? `${at} If it stays there, the pending activities say why.`
    : `${at}\n\n**Waiting:** ${waitingFor}`
}

/** A table cell may hold neither a line break nor a bar. */
const cell = (text: string): string => text.replaceAll('|', '/').replaceAll(/\s+/g, ' ').slice(0, 600)

function markOf(stage: Stage, status: RunStatus, facts: ReadonlyMap<Stage, string>): string {
  if (status.stage === stage) return '▶'
  return facts.has(stage) ? '✓' : ''
}
