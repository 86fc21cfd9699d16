import { ApplicationFailure, condition, defineUpdate, setHandler } from '@temporalio/workflow'
import { ApprovalRequest } from './messages.js'
import { parseInput } from './parse-input.js'
import type { RunBoard } from './run-board.js'

/** Update `approve` of a run. */
export const approveUpdate = defineUpdate<void, [ApprovalRequest]>('approve')
/** Update `reject` of a run. */
export const rejectUpdate = defineUpdate<void, [ApprovalRequest]>('reject')

/** What a person said, or that nobody did in time. */
export interface ApprovalOutcome {
  readonly verdict: 'approved' | 'rejected' | 'expired'
  readonly actor: string
  readonly reason: string
  readonly text: string
}

/** Waits for a person, at most so many days; who says nothing has rejected. The first word counts. */
export async function awaitApproval(expiresDays: number, board: RunBoard): Promise<ApprovalOutcome> {
  let said: ApprovalOutcome | undefined
  const hear = (verdict: 'approved' | 'rejected') => (request: ApprovalRequest) => {
    const { actor, reason } = request
    said = { verdict, actor, reason, text: `${verdict} by ${actor}: ${reason}` }
  }
  const isFirst = (input: unknown) => {
    parseInput(ApprovalRequest, input, 'approve or reject')
    if (said === undefined) return
    throw ApplicationFailure.create({ type: 'Conflict', nonRetryable: true, message: `Already ${said.text}` })
  }
  setHandler(approveUpdate, hear('approved'), { validator: isFirst, description: 'Let the candidate be promoted' })
  setHandler(rejectUpdate, hear('rejected'), { validator: isFirst, description: 'Refuse the candidate' })

  board.waitFor(`a person: update \`approve\` or \`reject\` within ${expiresDays} days`)
  const decidedInTime = await condition(() => said !== undefined, `${expiresDays} days`)
  board.waitFor(null)
  if (decidedInTime && said !== undefined) return said
  return { verdict: 'expired', actor: 'nobody', reason: '', text: `nobody approved within ${expiresDays} days` }
}
