/** The alert receiver: who calls is checked, what is said is parsed, and the steward rules. */
import { type Context, Hono } from 'hono'
import type { Ruling } from '../../workflows/messages.js'
import type { WebDependencies } from '../dependencies.js'
import { parseJsonBody } from '../json-body.js'
import { isModelName } from '../model-name.js'
import { answerProblems } from '../problem-answer.js'
import { AlertmanagerMessage, sortAlerts, type Wish } from './alertmanager-message.js'
import { findForgery, isBearer } from './authenticity.js'
import { GenericMessage, requestOfGeneric } from './generic-message.js'
import { createRequestMerger, type RequestMerger } from './request-merger.js'

/** Routes `POST /alertmanager` and `POST /generic`. */
export function alertRoutes(dependencies: WebDependencies): Hono {
  const merger = createRequestMerger((model, request) => dependencies.client.admit(model, request))
  return new Hono()
    .post('/alertmanager', (context) => receiveFromAlertmanager(context, dependencies, merger))
    .post('/generic', (context) => receiveGeneric(context, dependencies, merger))
}

async function receiveFromAlertmanager(
  context: Context,
  dependencies: WebDependencies,
  merger: RequestMerger,
): Promise<Response> {
  const { alertToken } = dependencies.secrets
  if (alertToken !== undefined && !isBearer(context.req.header('authorization'), alertToken)) {
    context.header('WWW-Authenticate', 'Bearer')
    return answerProblems(context, 401, ['authorization: expected "Bearer" and the token of the alert receiver.'])
  }
  const body = parseJsonBody(await context.req.text(), AlertmanagerMessage)
  if (!body.ok) return answerProblems(context, 400, body.problems)

  const { wishes, ignored, problems } = await sortAlerts(body.value, (model) => dependencies.alertRules(model))
  if (wishes.length === 0 && problems.length > 0) return answerProblems(context, 400, problems)
  const rulings = await submitAll(wishes, merger)
  const isRefused = rulings.length > 0 && rulings.every(({ ruling }) => ruling.kind === 'refused')
  return context.json({ rulings, ignored, problems }, isRefused ? 409 : 202)
}

/** The ruling for each model, with the number of its alerts. */
async function submitAll(wishes: readonly Wish[], merger: RequestMerger) {
  const submitted = await Promise.all(
    wishes.map(async ({ model, request }) => ({ model, ruling: await merger.submit(model, request) })),
  )
  const byModel = new Map<string, { model: string; alerts: number; ruling: Ruling }>()
  for (const { model, ruling } of submitted) {
    byModel.set(model, { model, alerts: (byModel.get(model)?.alerts ?? 0) + 1, ruling })
  }
  return [...byModel.values()]
}

async function receiveGeneric(
  context: Context,
  dependencies: WebDependencies,
  merger: RequestMerger,
): Promise<Response> {
  const { hmacSecret } = dependencies.secrets
  if (hmacSecret === undefined) {
    return answerProblems(context, 403, [
      'Cannot take signed alerts: this receiver has no secret. Ask its operator to set one.',
    ])
  }
  const bytes = new Uint8Array(await context.req.arrayBuffer())
  const signature = context.req.header('x-refit-signature') ?? ''
  const timestamp = context.req.header('x-refit-timestamp') ?? ''
  const forgery = findForgery({ signature, timestamp, body: bytes }, hmacSecret, dependencies.now())
  if (forgery !== undefined) return answerProblems(context, 401, [forgery])

  const body = parseJsonBody(new TextDecoder().decode(bytes), GenericMessage)
  if (!body.ok) return answerProblems(context, 400, body.problems)
  const { model } = body.value
  if (!isModelName(model) || (await dependencies.alertRules(model)) === undefined) {
    return answerProblems(context, 400, [`model: expected a model that Refit knows, got ${JSON.stringify(model)}.`])
  }
  const ruling = await merger.submit(model, requestOfGeneric(body.value, signature))
  return context.json({ ruling }, ruling.kind === 'refused' ? 409 : 202)
}
