import { z } from 'zod'
import type { AdmitRequest } from '../../workflows/messages.js'

/** Body of an alert from any program that can sign what it sends. */
export const GenericMessage = z.strictObject({
  model: z.string().min(1, 'expected the name of a model').describe('name of the model'),
  reason: z.string().min(1, 'expected why the model should be looked at').max(2000).describe('why, for the record'),
  id: z.string().min(1).max(180).optional().describe('idempotency key: one id, one ruling'),
  source: z.string().min(1).max(200).default('webhook').describe('who asks'),
})
/** Body of an alert from any program. */
export type GenericMessage = z.infer<typeof GenericMessage>

/**
 * The wish in a generic alert. Without an id of its own it is known by its signature, so that a message that is
 * replayed within the time that signatures hold is the same message.
 */
export function requestOfGeneric(message: GenericMessage, signature: string): AdmitRequest {
  return {
    id: message.id === undefined ? `signed-${signature.toLowerCase()}` : `generic-${message.id}`,
    trigger: 'alert',
    reason: message.reason,
    actor: message.source,
    count: 1,
    input: {},
  }
}
