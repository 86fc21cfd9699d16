/** What the web side needs from outside: wired once by `refit serve`, replaced one by one in tests. */
import type { RunRecord } from '../decisions/run-record.js'
import type { Registry } from '../registry/registry.js'
import type { Reception } from '../spool/reception.js'
import type { SpoolReport } from '../spool/report.js'
import type { ModelSummary, RunSummary } from '../stages/summaries.js'
import type { ModelWaiting } from '../stages/waiting.js'
import type { AdmitRequest, Ruling, RunStatus, StewardStatus } from '../workflows/messages.js'
import type { PredictionService } from './prediction-service.js'

/**
 * The part of the client that the web side uses. Each call settles within seconds; when Temporal does not answer, it
 * rejects with `TemporalUnavailable`.
 */
export interface RefitRequests {
  /** Hands a wish for a run to the steward of the model, which rules once for each id. */
  admit(model: string, request: AdmitRequest): Promise<Ruling>
  /** What the steward says, or `undefined` when the model has none yet. */
  stewardStatus(model: string): Promise<StewardStatus | undefined>
  /** What a running run says, or `undefined` when no such workflow is known. */
  runStatus(workflowId: string): Promise<RunStatus | undefined>
  /** Runs that have not ended, of all models, newest first; some hundred at most. */
  openRuns(): Promise<readonly { readonly model: string; readonly workflowId: string }[]>
}

/** Secrets of the alert receiver. Without a token Alertmanager is taken at its word: listen on a closed network then. */
export interface WebSecrets {
  /** Bearer token that Alertmanager sends. */
  readonly alertToken?: string
  /** Key of the signatures of generic alerts; without it they are refused. */
  readonly hmacSecret?: string
  /** Bearer token of producers; without it pushes are refused. */
  readonly pushToken?: string
}

/** Everything that the web side needs. */
export interface WebDependencies {
  readonly client: RefitRequests
  readonly registry: Pick<Registry, 'versions' | 'alias' | 'history'>
  /** All models, by name. */
  models(): Promise<readonly ModelSummary[]>
  /** One model, or `undefined` when the store knows none of that name. */
  model(name: string): Promise<ModelSummary | undefined>
  /** What waits of a model before a run brings it in, or a person decides about it. */
  waiting(model: string): Promise<ModelWaiting>
  /** Looks into the rescue spool; absent where the operator named none. */
  readonly spool?: () => Promise<SpoolReport>
  /** The runs of a model, newest first. */
  runs(model: string): Promise<readonly RunSummary[]>
  /** The report as it was stored when the run ended. */
  readReport(model: string, run: number): Promise<string | undefined>
  /** The record of a run, also while it is open. */
  readRunRecord(model: string, run: number): Promise<RunRecord | undefined>
  /** Labels that an alert must carry to concern the model, besides `model`; `undefined` when there is no such model. */
  alertRules(model: string): Promise<Readonly<Record<string, string>> | undefined>
  /** Present where this process serves predictions. */
  readonly predictions?: PredictionService
  /** Present where this process takes pushes, of at most so many bytes each. */
  readonly pushes?: { readonly reception: Reception; readonly maxBytes: number }
  readonly secrets: WebSecrets
  /** Address of the Temporal UI up to the namespace, such as `http://127.0.0.1:8233/namespaces/default`. */
  readonly temporalUi?: string
  readonly now: () => Date
  /** Told of every failure that no answer explains: the caller of the route only sees a 500. */
  reportFailure(failure: unknown): void
}
