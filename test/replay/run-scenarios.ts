/** Every way that a run can take. */
import { stewardId } from '../../src/workflows/messages.js'
import { until } from '../support/until.js'
import { admit, ended, type Scenario, type Scene, startByHand } from './scene.js'

const untilAsked = ({ temporal }: Scene, workflowId: string) =>
  until('the question', async () => (await temporal.client.runStatus(workflowId))?.waitingFor)

/** A run that nobody disturbs. */
const undisturbed = (name: string, answers: Scenario['answers'] = {}, fields: object = {}): Scenario => ({
  name,
  answers,
  async play(scene) {
    const run = await admit(scene, fields)
    await ended(scene, run)
    return { [`retrain-${name}`]: run }
  },
})

/** A run that asks a person. */
const asking = (name: string, reply: (scene: Scene, run: string) => Promise<void>): Scenario => ({
  name,
  answers: { next: 'ask' },
  async play(scene) {
    const run = await admit(scene)
    await untilAsked(scene, run)
    await reply(scene, run)
    await ended(scene, run)
    return { [`retrain-${name}`]: run }
  },
})

/** A workflow that a person started with this. */
const byHand = (name: string, type: string, input: (model: string) => object): Scenario => ({
  name,
  async play(scene) {
    const workflowId = await startByHand(scene, type, input(scene.model))
    await ended(scene, workflowId)
    return { [`${type}-${name}`]: workflowId }
  },
})

const WORD = { actor: 'ada', reason: 'looked at the slices' }

/** The scenarios of `retrain`, `ingest` and `tick`. */
export const RUN_SCENARIOS: readonly Scenario[] = [
  undisturbed('promoted'),
  undisturbed('not-needed', { verdict: 'none' }),
  undisturbed('not-enough-rows', { isEnough: false }),
  undisturbed('rejected', { next: 'reject' }),
  undisturbed('nobody-approved', { next: 'ask', expiresDays: 1 / 86_400 }),
  undisturbed('champion-moved', { promotions: ['stale'] }),
  undisturbed('champion-kept-moving', { promotions: ['stale', 'stale', 'stale'] }),
  undisturbed('rolled-back', { isServing: false }),
  undisturbed('failed', { broken: 'evaluate' }),
  undisturbed('failed-and-undone', { broken: 'confirmServing' }),
  undisturbed('waits-for-answers', { missing: [2, 1, 0] }),
  undisturbed('rerun', {}, { input: { rerun: { run: 1, from: 'train' } } }),
  asking('approved', ({ temporal }, run) => temporal.client.approve(run, WORD)),
  asking('disapproved', ({ temporal }, run) => temporal.client.reject(run, WORD)),
  asking('cancelled', async ({ temporal }, run) => {
    await temporal.temporal.workflow.getHandle(run).cancel()
  }),
  byHand('admits-itself', 'retrain', (model) => ({ model, reason: 'typed in the Temporal UI' })),
  byHand('bad-input', 'retrain', (model) => ({ modle: model, trigger: 'boredom' })),
  byHand('admitted', 'tick', (model) => ({ model })),
  byHand('bad-input', 'tick', () => ({})),
  {
    name: 'cancelled-in-training',
    isHeld: true,
    async play(scene) {
      const run = await admit(scene)
      await until('training', async () => (await scene.temporal.client.runStatus(run))?.stage === 'train')
      await scene.temporal.temporal.workflow.getHandle(run).cancel()
      await ended(scene, run)
      return { 'retrain-cancelled-in-training': run }
    },
  },
  {
    name: 'refused',
    async play(scene) {
      await scene.temporal.client.setPaused(scene.model, true)
      const run = await startByHand(scene, 'retrain', { model: scene.model })
      await ended(scene, run)
      return { 'retrain-refused': run, 'steward-paused': stewardId(scene.model) }
    },
  },
  undisturbed('batches-and-poison', { arrived: ['1.csv', '2.csv', '3.csv'], poison: ['2.csv'] }),
  undisturbed('no-report', { broken: 'report' }),
  {
    name: 'pages',
    answers: { arrived: ['1.csv', '2.csv', '3.csv', '4.csv', '5.csv'], poison: ['2.csv', '4.csv'], page: 2 },
    async play(scene) {
      const run = await admit(scene)
      await ended(scene, run)
      return { 'ingest-pages-and-poison': `${run}/ingest`, 'retrain-pages': run }
    },
  },
]
