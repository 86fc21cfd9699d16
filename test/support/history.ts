/** What a workflow left in Temporal's history. */
import type { Client, WorkflowHandle } from '@temporalio/client'

/** A history as the client fetches it, and as it is read from a file. */
export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>

/** Histories of a workflow that continued as new, the first one first. */
export async function chainOfHistories(client: Client, workflowId: string): Promise<readonly History[]> {
  const { runId } = await client.workflow.getHandle(workflowId).describe()
  const chain: History[] = []
  for (let next: string | null | undefined = runId; next; ) {
    const history: History = await client.workflow.getHandle(workflowId, next).fetchHistory()
    chain.unshift(history)
    next = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId
  }
  return chain
}

/** Sizes, in bytes, of all payloads in the history of a workflow, with the event that each is in. */
export async function payloadSizes(client: Client, workflowId: string) {
  return payloadSizesIn(await client.workflow.getHandle(workflowId).fetchHistory(), workflowId)
}

/** Sizes, in bytes, of all payloads in a history. */
export function payloadSizesIn({ events }: History, workflowId: string) {
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
