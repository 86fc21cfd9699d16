/** The least that Temporal can do with as many activities: the reference of `loop.ts`. Bundled for a worker. */
import { proxyActivities } from '@temporalio/workflow'

/** What the activity of the reference does. */
export interface NoActivities {
  nothing(): Promise<void>
}

const { nothing } = proxyActivities<NoActivities>({ startToCloseTimeout: '2 minutes' })

/** So many activities that do nothing, one after another. */
export async function inSequence(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nothing()
}
