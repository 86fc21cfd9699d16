/** What a run cannot go on with: work that failed and is tried again, its own and that of its children. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client'
import { defaultPayloadConverter, type Payload } from '@temporalio/common'
import type { FailingWork } from '../workflows/messages.js'
import { known } from './answers.js'

/** The part of a pending activity, as the server describes it, that tells whether and since when it fails. */
interface PendingActivity {
  readonly activityType?: { readonly name?: string | null } | null
  readonly heartbeatDetails?: { readonly payloads?: readonly Payload[] | null } | null
  readonly lastFailure?: {
    readonly message?: string | null
    readonly applicationFailureInfo?: { readonly type?: string | null } | null
  } | null
  readonly lastAttemptCompleteTime?: { readonly seconds?: unknown } | null
  readonly lastStartedTime?: { readonly seconds?: unknown } | null
}

/** The part of a description that tells what fails. */
interface Pending {
  readonly raw: { readonly pendingActivities?: readonly PendingActivity[] | null }
}

/** The descriptions of an open workflow and of its open children; none of a workflow that is unknown. */
export async function describeFamily(
  { workflow }: Client,
  workflowId: string,
): Promise<readonly WorkflowExecutionDescription[]> {
  const parent = await known(() => workflow.getHandle(workflowId).describe())
  const ids = (parent?.raw.pendingChildren ?? []).flatMap(({ workflowId: id }) => (id == null ? [] : [id]))
  const children = await Promise.all(ids.map((id) => known(() => workflow.getHandle(id).describe())))
  return [parent, ...children].filter((one) => one !== undefined)
}

/**
 * The work that failed, of the kind that failed first, or `undefined` when none did. Work of the same kind that did not
 * fail yet waits with it, and is counted.
 */
export function failingWork(family: readonly Pending[]): FailingWork | undefined {
  const pending = family.flatMap(({ raw }) => raw.pendingActivities ?? [])
  const failing = pending.filter(({ lastFailure }) => lastFailure?.message != null)
  const [first] = failing.toSorted((one, other) => sinceOf(one).localeCompare(sinceOf(other)))
  if (first === undefined) return undefined
  const work = nameOf(first)
  return {
    work,
    count: pending.filter((one) => nameOf(one) === work).length,
    since: sinceOf(first),
    code: first.lastFailure?.applicationFailureInfo?.type ?? null,
    reason: first.lastFailure?.message ?? '',
  }
}

const WHOM: Readonly<Record<string, string>> = {
  StoreUnavailable: 'the store',
  SourceUnavailable: 'the source',
  UnreadableSource: 'the source',
  TemporalUnavailable: 'Temporal',
}

/** As a sentence goes on after "waiting for". It stays the same, but for numbers, while the same thing is amiss. */
export function failingText({ work, count, since, code, reason }: FailingWork): string {
  const whom = WHOM[code ?? ''] ?? 'work that failed'
  const batches = count === 1 ? '1 batch' : `${count} batches`
  const what = work === 'ingestBatch' ? `with ${batches} to bring in` : `in ${work}`
  return `${whom} since ${since}, ${what}; it is tried again by itself. ${reason}`
}

const nameOf = ({ activityType }: PendingActivity): string => activityType?.name ?? 'work'

/** When it failed first: the edge of activities says so in the heartbeat; else the end of the last attempt must do. */
function sinceOf({ heartbeatDetails, lastAttemptCompleteTime, lastStartedTime }: PendingActivity): string {
  const [payload] = heartbeatDetails?.payloads ?? []
  const beat: unknown = payload == null ? undefined : defaultPayloadConverter.fromPayload(payload)
  if (typeof beat === 'object' && beat !== null && 'failingSince' in beat && typeof beat.failingSince === 'string') {
    return beat.failingSince
  }
  const seconds = Number((lastAttemptCompleteTime ?? lastStartedTime)?.seconds ?? 0)
  return new Date(seconds * 1000).toISOString()
}
