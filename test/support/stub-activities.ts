/** Activities whose computing is stubbed and whose process is not: admission and numbering are real. */

import { cancelled, getClient } from '@temporalio/activity'
import { admissionActivities } from '../../src/activities/admission.js'
import type { Activities } from '../../src/activities/create-activities.js'
import { asActivities } from '../../src/activities/edge.js'
import { createRefitClient } from '../../src/client/client.js'
import { RefitError } from '../../src/errors.js'
import type { RunPlan } from '../../src/stages/run-plan.js'
import type { Storage } from '../../src/storage/storage.js'

/** What a test lets the stubbed stages say. */
export interface StubAnswers {
  readonly verdict: 'none' | 'partial' | 'full'
  readonly isEnough: boolean
  readonly next: 'promote' | 'ask' | 'reject'
  /** How long a person is waited for. */
  readonly expiresDays: number
  readonly promotions: ('moved' | 'stale')[]
  readonly isServing: boolean
  /** Batches that each run finds. */
  readonly arrived: readonly string[]
  /** Batches that a page names. */
  readonly page: number
  /** Those of them that cannot be ingested. */
  readonly poison: readonly string[]
  /** A stage that fails for good. */
  readonly broken: string | null
  readonly calls: string[]
  readonly beforeTrain: () => Promise<void>
  /** Rows without a label, look by look; without any, nobody is asked. */
  readonly missing: number[]
}

/** Answers of a run that goes straight to its promotion. */
export const straightToPromotion = (): StubAnswers => ({
  verdict: 'full',
  isEnough: true,
  next: 'promote',
  expiresDays: 1,
  promotions: [],
  isServing: true,
  arrived: [],
  page: 100,
  poison: [],
  broken: null,
  calls: [],
  beforeTrain: async () => {},
  missing: [],
})

/** The activities of a worker, with stubbed computing. */
export function stubActivities(storage: Storage, answers: StubAnswers): Activities {
  const ingested = new Set<string>()
  const say = <T>(name: string, output: T): T => {
    answers.calls.push(name)
    if (name === answers.broken) throw new RefitError('StoreCorrupt', `Cannot ${name}: it is broken. Repair it.`)
    return output
  }
  // A minute, so that a second lies between two looks.
  const look = () => {
    const openUntil = new Date(Date.now() + 60_000).toISOString()
    return { request: 1, missing: answers.missing.shift() ?? 0, openUntil, text: 'answers about 2 rows' }
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
        // As if the stages of every earlier run could be taken over.
        inherited: request.rerun === undefined ? [] : ['ingest'],
        trainingTimeoutMinutes: 1,
        ...(answers.missing.length === 0 ? {} : { asksForLabels: true }),
      }),
    collect: async ({ model, run, failed }) => {
      const isNew = (path: string) => !failed.includes(path) && !ingested.has(`${model} ${run} ${path}`)
      const waiting = answers.arrived.filter(isNew)
      const batches = waiting
        .slice(0, answers.page)
        .map((path) => ({ path, bytes: 1000, modifiedAt: '2026-01-01T00:00:00.000Z' }))
      return say('collect', { batches, isLast: waiting.length <= answers.page })
    },
    ingestBatch: async ({ model, run, source: { path } }) => {
      if (answers.poison.includes(path))
        throw new RefitError('UnreadableSource', `Cannot read "${path}": it is poison.`)
      ingested.add(`${model} ${run} ${path}`)
      return say('ingestBatch', { commit: ingested.size })
    },
    sumUpIngest: async ({ left = [] }) => {
      const told = left.length === 0 ? 'sumUpIngest' : `sumUpIngest, left ${left.join(', ')}`
      return say(told, { text: 'nothing new arrived', snapshot: 0 })
    },
    requestLabels: async () => say('requestLabels', look()),
    countAnswers: async () => say('countAnswers', look()),
    decide: async () => say('decide', { text: `decided ${answers.verdict}`, verdict: answers.verdict }),
    select: async () => say('select', { text: 'selected', isEnough: answers.isEnough }),
    train: async () => {
      await Promise.race([answers.beforeTrain(), cancelled()])
      return say('train', { text: 'trained' })
    },
    evaluate: async () => {
      const { next, expiresDays } = answers
      return say('evaluate', { text: 'examined', verdict: 'pass', next, expiresDays })
    },
    register: async () => say('register', { version: 1 }),
    keepApproval: async () => say('keepApproval', undefined),
    promote: async () =>
      say('promote', { kind: answers.promotions.shift() ?? 'moved', text: 'moved', from: 0, to: 1, aliasSeq: 1 }),
    confirmServing: async () => say('confirmServing', { isServing: answers.isServing, text: 'asked' }),
    restoreChampion: async () => say('restoreChampion', undefined),
    rollBack: async () => say('rollBack', { version: 0 }),
    recordEnd: async ({ outcome }) => say(`recordEnd ${outcome}`, { version: 1 }),
    report: async () => say('report', { report: 'report.html' }),
    tellEnded: async ({ model, workflowId, outcome }) => {
      await createRefitClient(getClient()).tellEnded(model, { workflowId, outcome })
      say('tellEnded', undefined)
    },
  }
  return asActivities({ ...admissionActivities({ storage }), ...stubs })
}
