/** What the histories of workflows tell of the time that activities took. */
import type { Client } from '@temporalio/client'
import { chainOfHistories } from '../../test/support/history.js'

type Events = NonNullable<Awaited<ReturnType<typeof chainOfHistories>>[number]['events']>
type HistoryEvent = Events[number]

/** The events of each history of these workflows, those that continued as new included. */
export async function historiesOf(client: Client, workflowIds: readonly string[]): Promise<readonly Events[]> {
  const chains = await Promise.all(workflowIds.map((id) => chainOfHistories(client, id)))
  return chains.flat().map(({ events }) => events ?? [])
}

/** Milliseconds from start to end of the activities of a name that ended well, in the order of their ends. */
export function activityTimes(histories: readonly Events[], name: string): readonly number[] {
  return histories.flatMap((events) => {
    const byId = new Map(events.map((event) => [String(event.eventId), event]))
    return events.flatMap((event) => {
      const completed = event.activityTaskCompletedEventAttributes
      const scheduled = byId.get(String(completed?.scheduledEventId))
      const started = byId.get(String(completed?.startedEventId))
      const isIt = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name === name
      return isIt && started !== undefined ? [millisecondsAt(event) - millisecondsAt(started)] : []
    })
  })
}

const millisecondsAt = ({ eventTime }: HistoryEvent): number =>
  Number(eventTime?.seconds ?? 0) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6
