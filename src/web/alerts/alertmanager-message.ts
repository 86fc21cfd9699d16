/** What Alertmanager's webhook (version 4) sends, and the wishes for runs in it. */
import { z } from 'zod'
import type { AdmitRequest } from '../../workflows/messages.js'
import { isModelName } from '../model-name.js'

const Alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.string().min(1).max(64),
  fingerprint: z.string().min(1).max(100),
})
type Alert = z.infer<typeof Alert>

/** Body of Alertmanager's webhook; keys that do not matter here are let through unread. */
export const AlertmanagerMessage = z.object({
  version: z.literal('4', { error: 'expected version "4" of the webhook' }),
  alerts: z.array(Alert).max(10_000),
})
/** Body of Alertmanager's webhook. */
export type AlertmanagerMessage = z.infer<typeof AlertmanagerMessage>

/** A wish for a run of one model. */
export interface Wish {
  readonly model: string
  readonly request: AdmitRequest
}

/** What a message comes to: wishes, alerts that ask for nothing, and alerts that nobody can act on. */
export interface SortedAlerts {
  readonly wishes: readonly Wish[]
  readonly ignored: readonly { readonly alert: string; readonly why: string }[]
  readonly problems: readonly string[]
}

/** Looks up the labels that an alert must carry to concern a model; `undefined` when there is no such model. */
export type AlertRules = (model: string) => Promise<Readonly<Record<string, string>> | undefined>

/** Sorts the alerts of a message. Resolved alerts ask for nothing: what retrains a model is that it went wrong. */
export async function sortAlerts(message: AlertmanagerMessage, alertRules: AlertRules): Promise<SortedAlerts> {
  const firing = message.alerts.filter((alert) => alert.status === 'firing')
  const models = new Set(firing.flatMap((alert) => alert.labels.model ?? []))
  const known = [...models].filter(isModelName)
  const rules = new Map(await Promise.all(known.map(async (model) => [model, await alertRules(model)] as const)))

  const wishes: Wish[] = []
  const ignored: { alert: string; why: string }[] = []
  const problems: string[] = []
  message.alerts.forEach((alert, index) => {
    const model = alert.labels.model
    const required = model === undefined ? undefined : rules.get(model)
    if (alert.status === 'resolved') {
      ignored.push({ alert: alert.fingerprint, why: 'resolved' })
    } else if (model === undefined || required === undefined) {
      problems.push(noModel(index, model))
    } else {
      const missing = Object.entries(required).filter(([label, value]) => alert.labels[label] !== value)
      if (missing.length === 0) wishes.push({ model, request: requestOf(alert) })
      else ignored.push({ alert: alert.fingerprint, why: `model "${model}" asks for ${labelsText(missing)}` })
    }
  })
  return { wishes, ignored, problems }
}

function requestOf(alert: Alert): AdmitRequest {
  const name = alert.labels.alertname ?? 'alert'
  const summary = alert.annotations.summary ?? alert.annotations.description
  return {
    // Sent again, and sent by the other Alertmanager of a pair, an alert has the same fingerprint and start.
    id: `alert-${alert.fingerprint}-${alert.startsAt}`,
    trigger: 'alert',
    reason: (summary === undefined ? name : `${name}: ${summary}`).slice(0, 2000),
    actor: 'alertmanager',
    count: 1,
    input: {},
  }
}

const labelsText = (labels: readonly (readonly [string, string])[]): string =>
  labels.map(([label, value]) => `${label}="${value}"`).join(', ')

function noModel(index: number, model: string | undefined): string {
  return model === undefined
    ? `alerts[${index}].labels.model: expected the name of a model, got nothing. Add the label "model" to the alerting rule.`
    : `alerts[${index}].labels.model: expected a model that Refit knows, got ${JSON.stringify(model)}. Apply its spec with \`refit apply\`, or correct the label.`
}
