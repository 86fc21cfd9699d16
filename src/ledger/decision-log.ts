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
  readonly decision: Decision
  readonly majorColumns: readonly string[]
  readonly evidence: ObjectRef
}

const decisionLog = (storage: Storage, model: string) => sharedLog(storage, `models/${model}/decisions`, DecisionEntry)

/** Enters a decision; entering the one of a run again changes nothing. */
export async function enterDecision(storage: Storage, model: string, entered: EnteredDecision): Promise<void> {
  const { run, asOf, snapshot, decision, majorColumns, evidence } = entered
  const { verdict, rule, changePoint } = decision
  const body: DecisionEntry = {
    kind: 'decided',
    run,
    asOf,
    snapshot,
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

/**
 * The history for the next decision, and the dataset position up to which rows were looked at for good; with `asOf`, an
 * event time in ISO 8601, as it was on that day.
 */
export async function decisionHistory(
  storage: Storage,
  model: string,
  { asOf }: { readonly asOf?: string } = {},
): Promise<DecisionHistory & { readonly snapshot: number }> {
  const past = new Map<number, PastDecision>()
  let snapshot = 0
  for await (const { body } of decisionLog(storage, model).entries()) {
    if (body.kind === 'decided') {
      if (asOf !== undefined && body.asOf > asOf) continue
      // What a decision did not look at for good, the next one looks at again; a decision on a past day reopens nothing.
      if (closesWindow(body.rule)) snapshot = Math.max(snapshot, body.snapshot)
      past.set(body.run, openDecision(body))
    } else {
      const decided = past.get(body.run)
      if (decided !== undefined) past.set(body.run, { ...decided, ...withOutcome(body) })
    }
  }
  return { decisions: [...past.values()], snapshot }
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
