/** The faults of the demonstration: the only thing in it that is scripted. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { openLog } from '../../storage/log.js'
import type { DemoStage } from './stage.js'

/** Length of the outage: long enough that activities fail and are retried, several times. */
const OUTAGE_MS = 8_000
/** Alerts of the storm. */
export const STORM = 500

/** Kills the worker with SIGKILL as soon as a training has saved a checkpoint. */
export async function killWorkerInTraining({ stack, model, say }: DemoStage, run: number): Promise<void> {
  const checkpoints = openLog(stack.ports.storage, `runs/${model}/${run}/checkpoints`, z.unknown())
  const isEnded = async () => !(await stack.connection.client.isOpen(`refit/${model}/run/${run}`))
  while ((await checkpoints.head()) === undefined) {
    if (await isEnded()) return
    await sleep(50)
  }
  say(`    » fault: kill -9 of the worker (process ${stack.worker.pid()}), in the middle of training`)
  stack.worker.kill()
}

/** Takes the store away, as a volume that is unmounted, and brings it back. */
export async function loseStore({ folder, say }: DemoStage): Promise<void> {
  const [store, elsewhere] = [join(folder, '.refit', 'store'), join(folder, '.refit', 'store-unmounted')]
  await rename(store, elsewhere)
  say(`    » fault: the store is gone for ${OUTAGE_MS / 1000} seconds`)
  await sleep(OUTAGE_MS)
  await rename(elsewhere, store)
  say('    » the store is back')
}

/** Sends a storm of alerts to the receiver, as Alertmanager would. Gives the kinds of rulings and how often each came. */
export async function stormOfAlerts({ stack, model, say }: DemoStage): Promise<Readonly<Record<string, number>>> {
  say(`    » fault: ${STORM} alerts at once`)
  const answers = await Promise.all(Array.from({ length: STORM }, (_, i) => sendAlert(stack.webAddress, model, i)))
  const kinds: Record<string, number> = {}
  for (const kind of answers) kinds[kind] = (kinds[kind] ?? 0) + 1
  return kinds
}

async function sendAlert(address: string, model: string, i: number): Promise<string> {
  const response = await fetch(`${address}/alerts/alertmanager`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${process.env.REFIT_ALERT_TOKEN}` },
    body: JSON.stringify(alertOf(model, i)),
  })
  return `${response.status}`
}

/** Alertmanager's webhook body, version 4. */
function alertOf(model: string, i: number) {
  const labels = { alertname: 'LateFlightsMissed', model, gate: `G${i}` }
  const startsAt = new Date().toISOString()
  return {
    version: '4',
    groupKey: `{}:{model="${model}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'refit',
    groupLabels: { model },
    commonLabels: { alertname: labels.alertname, model },
    commonAnnotations: {},
    externalURL: 'http://127.0.0.1',
    alerts: [
      {
        status: 'firing',
        labels,
        annotations: { summary: 'more late flights than the model said' },
        startsAt,
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint: i.toString(16).padStart(16, '0'),
      },
    ],
  }
}
