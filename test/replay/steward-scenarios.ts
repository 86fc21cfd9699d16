/** What a steward lives through. */
import { stewardId } from '../../src/workflows/messages.js'
import { until } from '../support/until.js'
import { admit, ended, request, type Scenario, type Scene, startByHand, stewardIsFree } from './scene.js'

const alerts = (count: number) =>
  Array.from({ length: count }, (_, i) => request({ trigger: 'alert', reason: `alert ${i % 3}`, count: 10 }))

const steward = ({ model, temporal }: Scene) => temporal.temporal.workflow.getHandle(stewardId(model))

const secondRun = async ({ model, temporal }: Scene): Promise<void> => {
  const second = `refit/${model}/run/2`
  await until('the follow-up run', () => temporal.client.runStatus(second))
  await temporal.client.result(second)
}

/** The scenarios of the steward. */
export const STEWARD_SCENARIOS: readonly Scenario[] = [
  {
    name: 'storm',
    isHeld: true,
    async play(scene) {
      const { model, temporal } = scene
      const run = await admit(scene)
      await Promise.all(alerts(8).map((alert) => temporal.client.admit(model, alert)))
      scene.release()
      await ended(scene, run)
      await secondRun(scene)
      await stewardIsFree(scene)
      return { 'steward-storm': stewardId(model) }
    },
  },
  {
    name: 'signals',
    isHeld: true,
    async play(scene) {
      const run = await admit(scene)
      await steward(scene).signal('alert', { id: 'one', reason: 'the error rate rises' })
      await steward(scene).signal('alert', { id: 'one', reason: 'the error rate rises' })
      await steward(scene).signal('trigger', { reason: 'new data' })
      await steward(scene).signal('trigger', { id: 7 })
      await steward(scene).signal('runEnded', 'nonsense')
      scene.release()
      await ended(scene, run)
      await secondRun(scene)
      await stewardIsFree(scene)
      return { 'steward-signals': stewardId(scene.model) }
    },
  },
  {
    name: 'cooldown',
    // A second and a half.
    triggers: { cooldownMinutes: 0.025 },
    async play(scene) {
      await ended(scene, await admit(scene))
      await until('the end of the run', async () => {
        const status = await scene.temporal.client.stewardStatus(scene.model)
        return status?.running === null
      })
      await scene.temporal.client.admit(scene.model, request({ trigger: 'alert', reason: 'too early' }))
      await secondRun(scene)
      await stewardIsFree(scene)
      return { 'steward-cooldown': stewardId(scene.model) }
    },
  },
  {
    name: 'paused-and-resumed',
    async play(scene) {
      const { model, temporal } = scene
      await temporal.client.setPaused(model, true)
      await temporal.client.admit(model, request())
      await temporal.client.setPaused(model, false)
      await ended(scene, await admit(scene))
      await stewardIsFree(scene)
      return { 'steward-paused-and-resumed': stewardId(model) }
    },
  },
  {
    name: 'released-dead-run',
    isHeld: true,
    async play(scene) {
      const dead = await admit(scene)
      await scene.temporal.temporal.workflow.getHandle(dead).terminate('by the capture')
      scene.release()
      await ended(scene, await startByHand(scene, 'retrain', { model: scene.model }))
      await stewardIsFree(scene)
      return { 'steward-released-dead-run': stewardId(scene.model) }
    },
  },
  {
    name: 'rollback',
    async play(scene) {
      await ended(scene, await admit(scene))
      await stewardIsFree(scene)
      await scene.temporal.client.rollback(scene.model, { id: 'back', reason: 'complaints', actor: 'ada' })
      return { 'steward-rollback': stewardId(scene.model) }
    },
  },
  {
    name: 'continued',
    isHeld: true,
    async play(scene) {
      const { model, temporal } = scene
      const run = await admit(scene)
      const { runId } = await steward(scene).describe()
      for (const alert of alerts(24)) await temporal.client.admit(model, alert)
      await until('another run of the steward', async () => (await steward(scene).describe()).runId !== runId)
      scene.release()
      await ended(scene, run)
      await secondRun(scene)
      await stewardIsFree(scene)
      return { 'steward-continued': stewardId(model) }
    },
  },
]
