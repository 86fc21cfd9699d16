/** What a scenario is, and what those of every workflow do. */
import { randomUUID } from 'node:crypto'
import { AdmitRequest } from '../../src/workflows/messages.js'
import type { StubAnswers } from '../support/stub-activities.js'
import type { TestTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

/** Where a scenario is played: with a model of its own, and a worker that gives the answers. */
export interface Scene {
  readonly model: string
  readonly temporal: TestTemporal
  /** Lets training go on; it waits for this where the scenario says so. */
  release(): void
}

/** One story, and the workflows whose histories tell it. */
export interface Scenario {
  readonly name: string
  readonly answers?: Partial<Omit<StubAnswers, 'calls' | 'beforeTrain'>>
  /** Training goes on only after `release`. */
  readonly isHeld?: boolean
  readonly triggers?: object
  /** Gives workflow ids by the name of the file that its history goes to. */
  play(scene: Scene): Promise<Readonly<Record<string, string>>>
}

/** A request, complete. */
export const request = (fields: object = {}): AdmitRequest => AdmitRequest.parse({ id: randomUUID(), ...fields })

/** Asks for a run and gives its workflow id. */
export async function admit({ model, temporal }: Scene, fields: object = {}): Promise<string> {
  const ruling = await temporal.client.admit(model, request(fields))
  if (ruling.kind !== 'admitted') throw new Error(JSON.stringify(ruling))
  return ruling.workflowId
}

/** Starts a workflow as a person does, and gives its id. */
export async function startByHand({ temporal }: Scene, type: string, input: object): Promise<string> {
  const workflowId = `by-hand-${randomUUID()}`
  await temporal.temporal.workflow.start(type, { workflowId, taskQueue: 'refit', args: [input] })
  return workflowId
}

/** Waits for the end of a workflow, however it ends. */
export const ended = ({ temporal }: Scene, workflowId: string): Promise<unknown> =>
  temporal.temporal.workflow.result(workflowId).catch((thrown: unknown) => thrown)

/** Waits until the steward has no open and no kept run. */
export const stewardIsFree = ({ model, temporal }: Scene): Promise<unknown> =>
  until('the steward to be free', async () => {
    const status = await temporal.client.stewardStatus(model)
    return status?.running === null && status.pending === null
  })
