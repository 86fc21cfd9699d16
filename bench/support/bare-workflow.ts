/** The least that Temporal can do with as many activities: the references of `loop.ts`. Bundled for a worker. */
import { proxyActivities } from '@temporalio/workflow'

/** What the activities of the references do: nothing. */
export interface NoActivities {
  /** Takes and gives what an activity of a run does: a few names and numbers. */
  ordinary(at: { readonly model: string; readonly run: number }): Promise<{ readonly text: string }>
  /** Takes and gives nothing. */
  nothing(): Promise<void>
}

const { ordinary, nothing } = proxyActivities<NoActivities>({ startToCloseTimeout: '2 minutes' })

/** So many activities that do nothing, one after another. */
export async function inSequence(kind: keyof NoActivities, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await (kind === 'ordinary' ? ordinary({ model: 'bench', run: i }) : nothing())
}
