/** What a run cannot go on with: activities that failed and are tried again, as the server tells. */
import type { WorkflowExecutionDescription } from '@temporalio/client'

/** One sentence, or `null` when nothing failed. It stays the same while the same work fails for the same reason. */
export function failingWork({ raw }: WorkflowExecutionDescription, since: string): string | null {
  const failing = (raw.pendingActivities ?? []).flatMap(({ activityType, lastFailure }) =>
    lastFailure?.message == null ? [] : [{ name: activityType?.name ?? 'work', reason: lastFailure.message }],
  )
  const [first] = failing
  if (first === undefined) return null
  const same = failing.filter(({ name }) => name === first.name).length
  const work = same === 1 ? first.name : `${same} x ${first.name}`
  return `${work}, which failed and is tried again; in this stage since ${since}: ${first.reason}`
}
