import { randomUUID } from 'node:crypto'
import { applySpec } from '../../src/ledger/spec-revisions.js'
import { ModelSpec } from '../../src/spec/spec.js'
import type { Storage } from '../../src/storage/storage.js'

/** Applies the smallest spec there is, for tests whose computing is stubbed: only its triggers count. */
export async function applySmallModel(
  storage: Storage,
  model: string,
  triggers: object = { cooldownMinutes: 0, runsPerDay: 1000 },
): Promise<void> {
  const spec = ModelSpec.parse({
    model,
    goal: { description: 'test', metric: 'auc' },
    baseline: { kind: 'rule', score: '0.5' },
    data: {
      source: { kind: 'files', glob: '*.csv' },
      columns: { at: { type: 'timestamp' }, x: { type: 'number' } },
      eventTime: 'at',
      features: ['x'],
      label: { sql: 'x > 1' },
    },
    triggers,
  })
  await applySpec(storage, { spec, folder: '/model' }, { id: randomUUID(), actor: 'test' })
}
