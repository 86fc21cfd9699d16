/** Random dirty batches with keys, releases and drops in random order: each row is in exactly one place. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { readWaitingRows, waitingBatches } from '../../../src/data/quarantine/quarantine.js'
import { takeRows } from '../../../src/data/quarantine/take-rows.js'
import { verifyAccounting } from '../../../src/data/verify/verify.js'
import { flightsSpec, openWorkshop, table, type Workshop } from '../workshop.js'

const WINDOW = 5

/** `uid` tells rows apart; a row is sound when its value is at least `min`. */
const specFor = (min: number) =>
  flightsSpec(
    {
      columns: {
        day: { type: 'date' },
        uid: { type: 'integer' },
        id: { type: 'integer' },
        value: { type: 'integer', min },
      },
      derived: {},
      key: ['id'],
      keyWindowDays: WINDOW,
      eventTime: 'day',
      features: ['value'],
      label: { sql: 'value > 5' },
      maxQuarantineShare: 0.5,
    },
    { baseline: { kind: 'rule', score: '0.5' } },
  )

interface Row {
  readonly uid: number
  readonly day: number
  readonly id: number
  readonly value: number
}

/** What the data room should do, without any of its code: lists instead of SQL. */
class Reference {
  readonly kept: Row[] = []
  readonly waiting = new Map<number, { row: Row; reason: string }[]>()
  readonly lost = { duplicates: 0, dropped: 0 }

  ingest(seq: number, rows: readonly Row[], min: number): void {
    const broken = rows.filter(({ value }) => value < min)
    if (broken.length / rows.length > 0.5) {
      const reasonOf = ({ value }: Row) => (value < min ? 'value: min' : 'batch')
      this.waiting.set(
        seq,
        rows.map((row) => ({ row, reason: reasonOf(row) })),
      )
    } else this.sort(seq, rows, min)
  }

  sort(seq: number, rows: readonly Row[], min: number): void {
    const sound = rows.filter(({ value }) => value >= min)
    const news: Row[] = []
    for (const row of sound) {
      const isThere = this.kept.some(({ id, day }) => id === row.id && Math.abs(day - row.day) <= WINDOW)
      if (isThere || news.some(({ id }) => id === row.id)) this.lost.duplicates++
      else news.push(row)
    }
    this.kept.push(...news)
    const broken = rows.filter(({ value }) => value < min).map((row) => ({ row, reason: 'value: min' }))
    if (broken.length > 0) this.waiting.set(seq, broken)
  }

  /** Takes rows out of quarantine; none when nothing would change. */
  take(of: number, next: number, { verb, rule, min }: Omit<Take, 'of' | 'kind'>): boolean {
    const all = this.waiting.get(of) ?? []
    const chosen = all.filter(({ reason }) => rule === undefined || reason === rule || reason.startsWith(`${rule}:`))
    if (chosen.length === 0) return false
    if (verb === 'release' && chosen.every(({ row }) => row.value < min)) return false
    const left = all.filter((one) => !chosen.includes(one))
    if (left.length === 0) this.waiting.delete(of)
    else this.waiting.set(of, left)
    const rows = chosen.map(({ row }) => row)
    if (verb === 'drop') this.lost.dropped += rows.length
    else this.sort(next, rows, min)
    return true
  }
}

interface Take {
  readonly kind: 'take'
  readonly of: number
  readonly verb: 'release' | 'drop'
  readonly rule: 'batch' | 'value' | undefined
  readonly min: number
}

const batch = fc.record({
  kind: fc.constant('batch' as const),
  rows: fc.array(
    fc.record({
      day: fc.integer({ min: 1, max: 28 }),
      id: fc.integer({ min: 1, max: 4 }),
      value: fc.integer({ min: -4, max: 4 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
})
const takeOne: fc.Arbitrary<Take> = fc.record({
  kind: fc.constant('take' as const),
  of: fc.integer({ min: 1, max: 6 }),
  verb: fc.constantFrom('release', 'release', 'drop'),
  rule: fc.constantFrom('batch', 'value', undefined, undefined),
  min: fc.constantFrom(0, -2, -4),
})

async function play(
  workshop: Workshop,
  actions: readonly (Take | { kind: 'batch'; rows: readonly Omit<Row, 'uid'>[] })[],
) {
  const reference = new Reference()
  let [seq, uid] = [0, 0]
  for (const action of actions) {
    if (action.kind === 'batch') {
      const rows = action.rows.map((row) => ({ ...row, uid: ++uid }))
      const lines = rows.map(
        ({ day, uid, id, value }) => `2001-01-${String(day).padStart(2, '0')},${uid},${id},${value}`,
      )
      const source = await workshop.put(`in/${uid}.csv`, `day,uid,id,value\n${lines.join('\n')}\n`)
      assert.equal((await workshop.ingest(specFor(0), source)).seq, seq + 1)
      reference.ingest(++seq, rows, 0)
    } else {
      const { of, verb, rule, min } = action
      const request = { spec: specFor(min), specRevision: 2, verb, of, rule, actor: 'ada', why: 'test' }
      const outcome = await takeRows(workshop.context, request).catch((thrown: Error) => thrown)
      const hasTaken = !(outcome instanceof Error) && outcome.kind === 'taken'
      assert.equal(hasTaken, reference.take(of, seq + 1, action), JSON.stringify(outcome))
      if (hasTaken) seq++
    }
  }
  return { reference, rowsIn: uid }
}

async function placesOf(workshop: Workshop) {
  const { commits } = await openSnapshot(workshop.context, 'flights')
  const kept: number[] = []
  for (const { partition } of commits) {
    if (partition !== undefined) kept.push(...(await table(workshop, partition.uri)).map(({ uid }) => Number(uid)))
  }
  const waiting: string[] = []
  for (const found of waitingBatches(commits)) {
    const rows = await readWaitingRows(workshop.context, found, 100)
    waiting.push(
      ...rows.map(({ reason, values }) => `${found.commit.seq} ${values.uid} ${reason.replace(/^batch: .*/, 'batch')}`),
    )
  }
  return { kept: kept.toSorted((one, other) => one - other), waiting: waiting.toSorted() }
}

async function check(t: TestContext, actions: Parameters<typeof play>[1]): Promise<void> {
  const workshop = await openWorkshop(t)
  const { reference, rowsIn } = await play(workshop, actions)
  const expected = {
    kept: reference.kept.map(({ uid }) => uid).toSorted((one, other) => one - other),
    waiting: [...reference.waiting]
      .flatMap(([seq, rows]) => rows.map(({ row, reason }) => `${seq} ${row.uid} ${reason}`))
      .toSorted(),
  }
  assert.deepEqual(await placesOf(workshop), expected)
  const account = await verifyAccounting(workshop.context, 'flights')
  const { differences, kept, quarantined, duplicates, dropped } = account
  assert.deepEqual(
    { differences, rowsIn: account.rowsIn, kept, quarantined, duplicates, dropped },
    { differences: [], rowsIn, kept: expected.kept.length, quarantined: expected.waiting.length, ...reference.lost },
  )
}

test('each row is in exactly one place, whatever arrives, is released and is dropped', async (t) => {
  const actions = fc.array(fc.oneof({ weight: 3, arbitrary: batch }, { weight: 2, arbitrary: takeOne }), {
    minLength: 3,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(actions, (actions) => check(t, actions)),
    { numRuns: 8 },
  )
})
