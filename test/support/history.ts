/** What a run left in Temporal's history. */
import type { Client } from '@temporalio/client'

/** Sizes, in bytes, of all payloads in the history of a workflow, with the event that each is in. */
export async function payloadSizes(client: Client, workflowId: string) {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  return (events ?? []).flatMap((event) =>
    sizesIn(event).map((bytes) => ({ workflowId, eventId: String(event.eventId), bytes })),
  )
}

/** A payload is what has `metadata` and `data` in bytes, wherever in an event it stands. */
function sizesIn(value: unknown): readonly number[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  const isPayload = 'metadata' in value && 'data' in value && value.data instanceof Uint8Array
  if (isPayload && value.data instanceof Uint8Array) return [value.data.byteLength]
  return Object.values(value).flatMap(sizesIn)
}
