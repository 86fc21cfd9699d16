/** What a run asks people, and how far their answers are. */
import { count, rows } from '../decisions/plain-numbers.js'
import { labelRequestLog, type NumberedRequest } from '../ledger/label-requests.js'
import type { ModelSpec } from '../spec/spec.js'
import { lookAtRequest } from './look-at-request.js'
import type { Life, Ports, RunAt } from './ports.js'
import { requestLabels } from './request-labels.js'
import { openPlan } from './run-plan.js'

type RunLabelPorts = Pick<Ports, 'storage' | 'registry' | 'data' | 'openPredictor' | 'now'>

/** How far the answers to a request are. */
export interface AnswersLook {
  /** Number of the request; 0 when there was nothing to ask. */
  readonly request: number
  /** Rows without an answer. */
  readonly missing: number
  /** ISO 8601. */
  readonly openUntil: string
  /** What is waited for, in a sentence. */
  readonly text: string
}

/** Asks people as the spec says; asking again changes nothing. */
export async function requestForRun(ports: RunLabelPorts, at: RunAt, life: Life): Promise<AnswersLook> {
  const { spec } = (await openPlan(ports.storage, at)).revision
  const { labelRequest } = spec.data
  if (labelRequest === undefined) return nothingAsked(ports)
  const by = { id: `run-${at.run}`, actor: `run ${at.run}` }
  const request = await requestLabels(ports, { ...labelRequest, ...by, spec, seed: spec.trainer.seed }, life)
  return request === undefined ? nothingAsked(ports) : look(ports, spec, request)
}

/** Counts the answers that have come in by now. */
export async function answersForRun(
  ports: RunLabelPorts,
  { request, ...at }: RunAt & { readonly request: number },
): Promise<AnswersLook> {
  const { spec } = (await openPlan(ports.storage, at)).revision
  const entry = await labelRequestLog(ports.storage, at.model).at(request)
  return entry === undefined ? nothingAsked(ports) : look(ports, spec, entry)
}

async function look(ports: RunLabelPorts, spec: ModelSpec, entry: NumberedRequest): Promise<AnswersLook> {
  const { request, missing, openUntil, answered } = await lookAtRequest(ports, spec, entry)
  const asked = answered.random.asked + answered.uncertain.asked
  const text =
    `answers about ${rows(asked)}: ${count(asked - missing)} came, the others until ${openUntil} ` +
    `(\`refit labels export ${request} --model ${spec.model}\` has the rows)`
  return { request, missing, openUntil, text }
}

const nothingAsked = ({ now }: RunLabelPorts): AnswersLook => ({
  request: 0,
  missing: 0,
  openUntil: now().toISOString(),
  text: 'there is no row to ask about',
})
