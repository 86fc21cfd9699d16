/** A dataset with feeds of labels: calls that customers may dispute. */
import type { TestContext } from 'node:test'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { feedPositions } from '../../../src/data/labels/answers.js'
import { type SelectRequest, selectRows } from '../../../src/data/selection/select.js'
import { feedSpec } from '../../../src/spec/datasets.js'
import type { ModelSpec } from '../../../src/spec/spec.js'
import { flightsSpec, openWorkshop, table, type Workshop } from '../workshop.js'

/** A spec whose rows have a number, and whose labels come with them (`own`), by people (`checks`) and by clicks. */
export function callsSpec(feeds: Record<string, unknown> = {}, data: Record<string, unknown> = {}): ModelSpec {
  const columns = {
    call: { type: 'string' },
    answered: { type: 'timestamp' },
    says: { type: 'boolean', nullable: true },
  }
  const source = { kind: 'files', glob: 'in/*' }
  return flightsSpec(
    {
      columns: {
        id: { type: 'string' },
        at: { type: 'timestamp' },
        x: { type: 'number' },
        own: { type: 'boolean', nullable: true },
      },
      ...{ derived: {}, eventTime: 'at', features: ['x'], label: { sql: 'own' } },
      labels: {
        checks: { kind: 'verified', source, columns, key: ['call'], eventKey: ['id'], time: 'answered', sql: 'says' },
        clicks: { kind: 'weak', source, columns, key: ['call'], eventKey: ['id'], time: 'answered', sql: 'says' },
        ...feeds,
      },
      ...data,
    },
    { model: 'calls', baseline: { kind: 'rule', score: 'x' } },
  )
}

/** A workshop with ways to bring in rows and answers, one line of CSV each. */
export async function openCalls(t: TestContext, spec: ModelSpec) {
  const workshop: Workshop = await openWorkshop(t)
  let files = 0
  const bring = async (of: ModelSpec, header: string, lines: readonly string[]) => {
    const path = `in/${++files}.csv`
    return workshop.ingest(of, await workshop.put(path, `${header}\n${lines.join('\n')}\n`))
  }
  return {
    ...workshop,
    rows: (...lines: readonly string[]) => bring(spec, 'id,at,x,own', lines),
    answers: (feed: string, ...lines: readonly string[]) => bring(feedSpec(spec, feed), 'call,answered,says', lines),
  }
}

/** A workshop with calls. */
export type Calls = Awaited<ReturnType<typeof openCalls>>

/** Six calls: four in January, of which one has its label, and two on 28 February. */
export async function openSixCalls(t: TestContext, spec: ModelSpec): Promise<Calls> {
  const calls = await openCalls(t, spec)
  await calls.rows(
    ...['a,2026-01-01 10:00:00,1,', 'b,2026-01-02 10:00:00,2,true', 'c,2026-01-03 10:00:00,3,'],
    ...['d,2026-01-04 10:00:00,4,', 'e,2026-02-28 10:00:00,5,', 'f,2026-02-28 11:00:00,6,'],
  )
  return calls
}

const WINDOW = { from: null, to: '2026-03-01T00:00:00Z', maxRows: 1000, oldUntil: null, oldShare: null }

/** What is selected on 1 March, the last day for the holdout: `x`, label and weight of each row. */
export async function selectCalls(calls: Calls, spec: ModelSpec, change: Partial<SelectRequest> = {}) {
  const { context } = calls
  const selection = await selectRows(context, {
    ...{ spec, window: WINDOW, holdoutDays: 1, asOf: '2026-03-01T00:00:00Z', seed: 1, validationShare: 0 },
    snapshot: await openSnapshot(context, 'calls'),
    answers: await feedPositions(context, spec),
    ...change,
  })
  const training = await table(calls, selection.training.uri)
  const holdout = await table(calls, selection.holdout.uri)
  return {
    selection,
    training: training.map(({ x, label, weight }) => [x, label, weight]),
    holdout: holdout.map(({ x, label }) => [x, label]),
  }
}
