/** Activities whose computing is stubbed and whose process is not: admission and numbering are real. */

import { getClient } from '@temporalio/activity'
import { admissionActivities } from '../../src/activities/admission.js'
import type { Activities } from '../../src/activities/create-activities.js'
import { asActivities } from '../../src/activities/edge.js'
import { createRefitClient } from '../../src/client/client.js'
import type { RunPlan } from '../../src/stages/run-plan.js'
import type { Storage } from '../../src/storage/storage.js'

/** What a test lets the stubbed stages say. */
export interface StubAnswers {
  readonly verdict: 'none' | 'partial' | 'full'
  readonly next: 'promote' | 'ask' | 'reject'
  readonly promotions: ('moved' | 'stale')[]
  readonly isServing: boolean
  readonly calls: string[]
  readonly beforeTrain: () => Promise<void>
}

/** Answers of a run that goes straight to its promotion. */
export const straightToPromotion = (): StubAnswers => ({
  verdict: 'full',
  next: 'promote',
  promotions: [],
  isServing: true,
  calls: [],
  beforeTrain: async () => {},
})

/** The activities of a worker, with stubbed computing. */
export function stubActivities(storage: Storage, answers: StubAnswers): Activities {
  const say = <T>(name: string, output: T): T => {
    answers.calls.push(name)
    return output
  }
  const stubs: Omit<Activities, keyof ReturnType<typeof admissionActivities>> = {
    planRun: async ({ model, run, request, workflowId }): Promise<RunPlan> =>
      say('planRun', {
        model,
        run,
        request,
        workflowId,
        specRevision: 1,
        startedAt: '',
        inherited: [],
        trainingTimeoutMinutes: 1,
      }),
    collect: async () => say('collect', []),
    ingestBatch: async () => {
      throw new Error('nothing was collected')
    },
    sumUpIngest: async () => say('sumUpIngest', { text: 'nothing new arrived', snapshot: 0 }),
    decide: async () => say('decide', { text: `decided ${answers.verdict}`, verdict: answers.verdict }),
    select: async () => say('select', { text: 'selected', isEnough: true }),
    train: async () => {
      await answers.beforeTrain()
      return say('train', { text: 'trained' })
    },
    evaluate: async () => say('evaluate', { text: 'examined', verdict: 'pass', next: answers.next, expiresDays: 1 }),
    register: async () => say('register', { version: 1 }),
    keepApproval: async () => say('keepApproval', undefined),
    promote: async () =>
      say('promote', { kind: answers.promotions.shift() ?? 'moved', text: 'moved', from: 0, to: 1, aliasSeq: 1 }),
    confirmServing: async () => say('confirmServing', { isServing: answers.isServing, text: 'asked' }),
    restoreChampion: async () => say('restoreChampion', undefined),
    rollBack: async () => say('rollBack', { version: 0 }),
    report: async ({ outcome }) => say(`report ${outcome}`, { version: 1, report: 'report.html' }),
    tellEnded: async ({ model, workflowId, outcome }) => {
      await createRefitClient(getClient()).tellEnded(model, { workflowId, outcome })
      say('tellEnded', undefined)
    },
  }
  return asActivities({ ...admissionActivities({ storage }), ...stubs })
}
