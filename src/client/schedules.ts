/** Keeps the Temporal Schedules of models in step with their specs. */
import { type Client, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client'
import { TASK_QUEUE } from '../workflows/messages.js'

/** When a model's runs start by the clock. */
export interface DesiredSchedule {
  readonly cron: string
  readonly timezone: string
  readonly jitterSeconds: number
}

/** What was done, or would be, to the schedule of a model. */
export type ScheduleChange = 'created' | 'updated' | 'deleted' | 'unchanged'

/** Keeps schedules. */
export interface ScheduleKeeper {
  /** Brings the schedule of a model to what is desired (`undefined`: none). With `dryRun`, tells what it would do. */
  keep(
    model: string,
    desired: DesiredSchedule | undefined,
    options: { readonly dryRun: boolean },
  ): Promise<ScheduleChange>
}

/** A server that was away for long starts what it missed within the last hour only. */
const CATCHUP_WINDOW = '1 hour'

const scheduleId = (model: string) => `refit/${model}/schedule`

/** Keeps schedules through a Temporal client. */
export function createScheduleKeeper({ schedule }: Client): ScheduleKeeper {
  return {
    async keep(model, desired, { dryRun }) {
      const handle = schedule.getHandle(scheduleId(model))
      const found = await handle.describe().catch(absent)
      if (desired === undefined) {
        if (found === undefined) return 'unchanged'
        if (!dryRun) await handle.delete()
        return 'deleted'
      }
      const note = noteOf(desired)
      if (found?.state.note === note) return 'unchanged'
      if (!dryRun) {
        if (found === undefined)
          await schedule.create({ scheduleId: scheduleId(model), ...optionsOf(model, desired, note) })
        else await handle.update(() => optionsOf(model, desired, note))
      }
      return found === undefined ? 'created' : 'updated'
    },
  }
}

/** The note says what the schedule was made from: equal notes mean equal schedules, whatever the server made of them. */
const noteOf = ({ cron, timezone, jitterSeconds }: DesiredSchedule) =>
  `refit: cron "${cron}" in ${timezone}, jitter ${jitterSeconds} s`

function optionsOf(model: string, { cron, timezone, jitterSeconds }: DesiredSchedule, note: string) {
  return {
    spec: { cronExpressions: [cron], timezone, jitter: `${jitterSeconds}s` as const },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'tick',
      workflowId: `refit/${model}/tick`,
      taskQueue: TASK_QUEUE,
      args: [{ model, trigger: 'schedule' }],
      staticSummary: `Scheduled trigger of model ${model}`,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW, pauseOnFailure: false },
    state: { note },
  }
}

function absent(thrown: unknown): undefined {
  if (thrown instanceof ScheduleNotFoundError) return undefined
  throw thrown
}
