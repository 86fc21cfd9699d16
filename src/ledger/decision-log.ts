/** The decisions of a model, in order: the audit trail, and the memory that the next decision looks back on. */
import { z } from 'zod'
import type { Decision, DecisionHistory, PastDecision, RuleName } from '../decisions/decision.js'
import { closesWindow } from '../decisions/retrain-rules/feature-drift.js'
import { sharedLog } from '../storage/log.js'
import { ObjectRef } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'

const DecisionEntry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('decided'),
    run: z.number().int().positive(),
    asOf: z.string(),
    /** Position of the dataset's log that was looked at: the next decision looks at what came after it. */
    snapshot: z.number().int().nonnegative(),
    /** As `snapshot`, of the logs of feeds of labels, by the name of the feed; absent without feeds. */
    answers: z.record(z.string(), z.number().int().nonnegative()).optional(),
    verdict: z.enum(['none', 'partial', 'full']),
    rule: z.string(),
    majorColumns: z.array(z.string()),
    changePoint: z.string().nullable(),
    evidence: ObjectRef,
  }),
  z.strictObject({
    kind: z.literal('ended'),
    run: z.number().int().positive(),
    outcome: z.string(),
    trainingSeconds: z.number().nullable(),
  }),
])
type DecisionEntry = z.infer<typeof DecisionEntry>

/** A decision as it is entered. */
export interface EnteredDecision {
  readonly run: number
  readonly asOf: string
  readonly snapshot: number
  readonly answers?: Readonly<Record<string, number>> | undefined
  readonly decision: Decision
  readonly majorColumns: readonly string[]
  readonly evidence: ObjectRef
}

const decisionLog = (storage: Storage, model: string) => sharedLog(storage, `models/${model}/decisions`, DecisionEntry)

/** Enters a decision; entering the one of a run again changes nothing. */
export async function enterDecision(storage: Storage, model: string, entered: EnteredDecision): Promise<void> {
  const { run, asOf, snapshot, answers, decision, majorColumns, evidence } = entered
  const { verdict, rule, changePoint } = decision
  const body: DecisionEntry = {
    kind: 'decided',
    run,
    asOf,
    snapshot,
    ...(answers === undefined ? {} : { answers }),
    verdict,
    rule,
    majorColumns: [...majorColumns],
    changePoint,
    evidence,
  }
  await decisionLog(storage, model).append({ id: `decided-${run}`, actor: 'refit', body })
}

/** Enters how the run of a decision ended. */
export async function enterOutcome(
  storage: Storage,
  model: string,
  ended: { readonly run: number; readonly outcome: string; readonly trainingSeconds: number | null },
): Promise<void> {
  const body: DecisionEntry = { kind: 'ended', ...ended }
  await decisionLog(storage, model).append({ id: `ended-${ended.run}`, actor: 'refit', body })
}

/** What decisions have looked at for good. */
export interface Looked {
  /** Position of the dataset's log. */
  readonly snapshot: number
  /** Positions of the logs of feeds of labels, by the name of the feed. */
  readonly answers: Readonly<Record<string, number>>
  /** Event time that counted as now, ISO 8601; null when nothing was looked at. */
  readonly asOf: string | null
}

/**
 * The history for the next decision, and what was looked at for good; with `asOf`, an event time in ISO 8601, as it was on
 * that day.
 */
export async function decisionHistory(
  storage: Storage,
  model: string,
  { asOf }: { readonly asOf?: string } = {},
): Promise<DecisionHistory & Looked> {
  const past = new Map<number, PastDecision>()
  let looked: Looked = { snapshot: 0, answers: {}, asOf: null }
  for await (const { body } of decisionLog(storage, model).entries()) {
    if (body.kind === 'decided') {
      if (asOf !== undefined && body.asOf > asOf) continue
      // What a decision did not look at for good, the next one looks at again; a decision on a past day reopens nothing.
      if (closesWindow(body.rule)) looked = furthest(looked, body)
      past.set(body.run, openDecision(body))
    } else {
      const decided = past.get(body.run)
      if (decided !== undefined) past.set(body.run, { ...decided, ...withOutcome(body) })
    }
  }
  return { decisions: [...past.values()], ...looked }
}

function furthest(looked: Looked, decided: Extract<DecisionEntry, { kind: 'decided' }>): Looked {
  const { snapshot, answers = {}, asOf } = decided
  const ahead = Object.entries(answers).map(([feed, seq]) => [feed, Math.max(seq, looked.answers[feed] ?? 0)])
  return {
    snapshot: Math.max(looked.snapshot, snapshot),
    answers: { ...looked.answers, ...Object.fromEntries(ahead) },
    asOf: looked.asOf === null || asOf > looked.asOf ? asOf : looked.asOf,
  }
}

function openDecision(body: Extract<DecisionEntry, { kind: 'decided' }>): PastDecision {
  const { run, asOf, verdict, majorColumns, changePoint } = body
  // The log holds what `enterDecision` wrote from a `RuleName`; the schema keeps it open so that old rules stay readable.
  const rule = body.rule as RuleName
  return { run, asOf, verdict, rule, majorColumns, changePoint, outcome: null, trainingSeconds: null }
}

const withOutcome = (body: Extract<DecisionEntry, { kind: 'ended' }>) => ({
  outcome: body.outcome,
  trainingSeconds: body.trainingSeconds,
})
