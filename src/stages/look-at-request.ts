/** What came of a request for labels. */
import { type Answered, countAnswered } from '../data/labels/label-request-file.js'
import type { NumberedRequest } from '../ledger/label-requests.js'
import type { ModelSpec } from '../spec/spec.js'
import { knowledgeNow } from './knowledge.js'
import type { Ports } from './ports.js'
import { isThere } from './request-rows.js'

/** A request and what came of it. */
export interface RequestLook {
  readonly request: number
  readonly askedAt: string
  readonly askedBy: string
  readonly openUntil: string
  readonly answered: Answered
  /** Rows without an answer. */
  readonly missing: number
  /** Whether answers are still waited for. */
  readonly isOpen: boolean
  /** Whether its rows were removed, as somebody in them must be forgotten: then nobody can count its answers. */
  readonly isForgotten: boolean
}

/** Counts what came of a request, by all answers that have arrived. */
export async function lookAtRequest(
  ports: Pick<Ports, 'storage' | 'data' | 'now'>,
  spec: ModelSpec,
  { seq: request, at: askedAt, actor: askedBy, body }: NumberedRequest,
): Promise<RequestLook> {
  const { openUntil } = body
  const told = { request, askedAt, askedBy, openUntil }
  if (!(await isThere(ports.storage, body.rows))) {
    const part = (asked: number) => ({ asked, answered: 0, positive: 0 })
    const answered = { random: part(body.random), uncertain: part(body.uncertain) }
    return { ...told, answered, missing: 0, isOpen: false, isForgotten: true }
  }
  const { answers, asOf } = await knowledgeNow(ports, spec)
  const answered = await countAnswered(ports.data, { spec, rows: body.rows, answers, asOf })
  const { random, uncertain } = answered
  const missing = random.asked + uncertain.asked - random.answered - uncertain.answered
  const isOpen = missing > 0 && Date.parse(openUntil) > ports.now().getTime()
  return { ...told, answered, missing, isOpen, isForgotten: false }
}
