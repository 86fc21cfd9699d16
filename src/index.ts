/**
 * Refit as a library: ask for runs and steer them from a program of your own, and read model specs. Importing it does
 * nothing; only `connectRefit` reaches for a server.
 *
 * A spec is read, or refused with every mistake in it, its line and the way out:
 *
 * ```js
 * import { match, ok } from 'node:assert/strict'
 * import { formatProblems, parseSpec } from 'refit'
 *
 * const parsed = parseSpec('model: Flights')
 * ok(!parsed.ok)
 * match(formatProblems(parsed.problems, 'refit.yaml'), /^refit\.yaml:1:8 model: expected a lower-case letter/m)
 * ```
 *
 * A run is asked for, and its end awaited, where `TEMPORAL_ADDRESS` (or a profile of Temporal's) says:
 *
 * ```js no-run
 * import { randomUUID } from 'node:crypto'
 * import { AdmitRequest, connectRefit } from 'refit'
 *
 * const { client, close } = await connectRefit()
 * const request = AdmitRequest.parse({ id: randomUUID(), actor: 'nightly job', reason: 'the catalogue changed' })
 * const ruling = await client.admit('flights', request)
 * if (ruling.kind === 'admitted') console.log(await client.result(ruling.workflowId))
 * else console.log(ruling.kind, ruling.reason)
 * await close()
 * ```
 *
 * Statistics and policy are importable by themselves: `refit/statistics`, `refit/decisions`.
 */
export { createRefitClient, type RefitClient, type RunStart } from './client/client.js'
export { connectRefit, type RefitConnection } from './client/connect.js'
export type { DesiredSchedule, ScheduleChange, ScheduleKeeper } from './client/schedules.js'
export { RefitError, type RefitErrorCode } from './errors.js'
export { specJsonSchema } from './spec/json-schema.js'
export { type ParsedSpec, parseSpec } from './spec/parse.js'
export { formatProblems, type SpecProblem } from './spec/problem.js'
export { GOAL_METRICS, type GoalMetric, ModelSpec, type SpecInput } from './spec/spec.js'
export {
  AdmitRequest,
  ApprovalRequest,
  OUTCOMES,
  type Outcome,
  RetrainInput,
  RollbackRequest,
  type Ruling,
  type RunResult,
  type RunStatus,
  runId,
  STAGES,
  type Stage,
  type StewardStatus,
  stewardId,
  TRIGGERS,
  type TriggerKind,
} from './workflows/messages.js'
