import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Commit, NO_ROWS } from '../../../src/data/dataset/commit.js'
import type { Rewrite } from '../../../src/data/dataset/dataset-entry.js'
import { datasetFolder, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import type { DataContext } from '../../../src/data/engine/context.js'
import { appendRewrite } from '../../../src/data/upkeep/append-rewrite.js'
import { collectGarbage } from '../../../src/data/upkeep/collect-garbage.js'
import { removeObjects } from '../../../src/data/upkeep/remove-objects.js'
import { type ObjectRef, putBytes } from '../../../src/storage/objects.js'
import { collect } from '../../support/collect.js'
import { memoryStorage } from '../../support/memory-storage.js'

const DATASET = 'orders'
const TIMES = { from: '2001-01-01T00:00:00.000Z', to: '2001-01-01T00:00:00.000Z' }

/** What a person knows who watched everything: where each commit's rows are, and what waits. */
interface Known {
  /** Partition and profile of the rows of a commit, while they belong to the dataset. */
  readonly live: Map<number, { entry: number; object: ObjectRef; profile: ObjectRef; rows: number }>
  /** Where they were when they grew too old, and when that was. */
  readonly retired: Map<number, { at: number; object: ObjectRef; profile: ObjectRef }>
  readonly waiting: Map<number, ObjectRef>
  readonly versions: number[]
  head: number
}

class Dataset {
  readonly known: Known = { live: new Map(), retired: new Map(), waiting: new Map(), versions: [], head: 0 }
  readonly context: DataContext = { storage: memoryStorage(), scratchFolder: 'unused' }
  readonly log = datasetLog(this.context.storage, DATASET)
  #contents = 0

  put(folder: 'partitions' | 'profiles' | 'quarantine', rows?: number): Promise<ObjectRef> {
    const body = Buffer.from(`${folder} ${this.#contents++}`)
    const options = rows === undefined ? { extension: '.json' } : { extension: '.parquet', rows }
    return putBytes(this.context.storage, datasetFolder(DATASET, folder), body, options)
  }

  async commit(rows: number, broken: number): Promise<void> {
    const [partition, profile] = [await this.put('partitions', rows), await this.put('profiles')]
    const quarantine = broken > 0 ? await this.put('quarantine', broken) : undefined
    const receipt = { ...NO_ROWS, rowsIn: rows + broken, kept: rows, quarantined: broken, reasons: { odd: broken } }
    const batch = String(this.#contents).padStart(64, '0')
    const source = { path: batch, bytes: 1, modifiedAt: TIMES.from }
    const body = { batch, source, receipt, partition, profile, ...TIMES, specRevision: 1 }
    const seq = await this.#append(quarantine === undefined ? body : { ...body, quarantine })
    this.known.live.set(seq, { entry: seq, object: partition, profile, rows })
    if (quarantine !== undefined) this.known.waiting.set(seq, quarantine)
  }

  async drop(nth: number): Promise<void> {
    const of = [...this.known.waiting.keys()][nth]
    if (of === undefined) return
    const body = { batch: '0'.repeat(64), source: { path: 'x', bytes: 1, modifiedAt: TIMES.from }, specRevision: 1 }
    const taken = { of, verb: 'drop' as const, rule: null, why: 'test' }
    await this.#append({ ...body, receipt: NO_ROWS, from: null, to: null, taken })
    this.known.waiting.delete(of)
  }

  /** Rewrites the partitions from the nth on, as many as are asked for. */
  async rewrite(verb: 'compact' | 'retire' | 'erase', nth: number, many: number): Promise<void> {
    const { live } = this.known
    const entries = [...new Set([...live.values()].map(({ entry }) => entry))]
    const of = entries.slice(nth, nth + (verb === 'erase' ? 1 : many))
    const moved = [...live].filter(([, { entry }]) => of.includes(entry))
    const rows = moved.reduce((sum, [, piece]) => sum + piece.rows, 0)
    const [first] = moved.filter(([, piece]) => piece.rows > 1)
    if (of.length === 0 || (verb === 'erase' && first === undefined)) return
    const erased = verb === 'erase' ? 1 : 0
    const partition = verb === 'retire' ? undefined : await this.put('partitions', rows - erased)
    const profile = await this.put('profiles')
    const shrunk: Rewrite['shrunk'] =
      verb !== 'erase' || first === undefined
        ? []
        : [{ commit: first[0], erased, rows: first[1].rows - erased, ...TIMES, profile }]
    const kept = partition === undefined ? 0 : rows - erased
    const receipt = { ...NO_ROWS, rowsIn: rows, kept, erased, dropped: rows - kept - erased }
    const body = { rewrite: { verb, of, why: 'test' }, receipt, shrunk, ...TIMES }
    const seq = await appendRewrite(this.log, {
      ...{ actor: 'test', verb, of },
      store: async () => (partition === undefined ? body : { ...body, partition }),
    })
    this.known.head = seq ?? assert.fail('nobody else rewrites')
    for (const [commit, piece] of moved) this.#move(commit, { seq: this.known.head, piece, partition })
    if (first === undefined || erased === 0) return
    const left = live.get(first[0])
    if (left !== undefined) live.set(first[0], { ...left, rows: left.rows - erased, profile })
    await this.#forget([...new Set([first[1].object.uri, first[1].profile.uri])])
  }

  #move(
    commit: number,
    to: {
      readonly seq: number
      readonly piece: { object: ObjectRef; profile: ObjectRef; rows: number }
      readonly partition: ObjectRef | undefined
    },
  ): void {
    const { seq, piece, partition } = to
    if (partition !== undefined) this.known.live.set(commit, { ...piece, entry: seq, object: partition })
    else {
      this.known.live.delete(commit)
      this.known.retired.set(commit, { at: seq, ...piece })
    }
  }

  async #forget(keys: readonly string[]): Promise<void> {
    const objects = keys.map((key) => ({ key, bytes: 1 }))
    const request = { dataset: DATASET, verb: 'erase' as const, why: 'test', actor: 'test' }
    await removeObjects(this.context, { ...request, objects, expectedSeq: this.known.head })
    this.known.head++
  }

  async #append(body: Commit): Promise<number> {
    const outcome = await this.log.append({ id: String(this.#contents++), actor: 'test', body })
    this.known.head = outcome.kind === 'stale' ? assert.fail('nothing is expected') : outcome.entry.seq
    return this.known.head
  }

  /** What must be there, and nothing else. */
  needed(): readonly string[] {
    const { live, retired, waiting, versions } = this.known
    const learned = [...retired].filter(([commit, { at }]) => versions.some((seq) => seq >= commit && seq < at))
    const rows = [...live.values(), ...learned.map(([, piece]) => piece)]
    const refs = [...rows.flatMap(({ object, profile }) => [object, profile]), ...waiting.values()]
    return [...new Set(refs.map(({ uri }) => uri))].sort()
  }

  async stored(): Promise<readonly string[]> {
    const folders = ['partitions', 'profiles', 'quarantine'] as const
    const keys = folders.map((folder) => collect(this.context.storage.list(`${datasetFolder(DATASET, folder)}/`)))
    return (await Promise.all(keys)).flat().sort()
  }

  collect(since = '9999') {
    const { versions: positions } = this.known
    const rest = { selections: new Set<string>(), why: 'test', actor: 'test' }
    return collectGarbage(this.context, { dataset: DATASET, positions, since, ...rest })
  }
}

const small = fc.nat({ max: 3 })
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('commit' as const), rows: fc.integer({ min: 1, max: 4 }), broken: small }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('compact' as const), nth: small, many: fc.integer({ min: 2, max: 4 }) }),
  },
  fc.record({
    kind: fc.constantFrom('retire' as const, 'erase' as const),
    nth: small,
    many: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('drop' as const), nth: small }),
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('register' as const, 'orphan' as const, 'collect' as const) }),
  },
)
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

async function perform(dataset: Dataset, step: Act): Promise<void> {
  switch (step.kind) {
    case 'commit':
      return dataset.commit(step.rows, step.broken)
    case 'drop':
      return dataset.drop(step.nth)
    case 'register':
      dataset.known.versions.push(dataset.known.head)
      return
    case 'orphan':
      await dataset.put('partitions')
      return
    case 'collect':
      return check(dataset)
    default:
      return dataset.rewrite(step.kind, step.nth, step.many)
  }
}

/** Collects, and looks at what is there then. */
async function check(dataset: Dataset): Promise<void> {
  const before = new Set(await dataset.stored())
  const garbage = await dataset.collect()
  if (garbage.some(({ folder }) => folder !== 'selections')) dataset.known.head = (await dataset.log.head())?.seq ?? 0
  assert.deepEqual(await dataset.stored(), dataset.needed())
  assert.deepEqual(new Set([...dataset.needed(), ...garbage.map(({ key }) => key)]), before)
  for (const position of [...dataset.known.versions, dataset.known.head]) {
    const { partitions } = await openSnapshot(dataset.context, DATASET, position)
    for (const { object, pieces } of partitions) {
      for (const ref of [object, ...pieces.map(({ profile }) => profile)]) {
        assert.ok((await dataset.context.storage.stat(ref?.uri ?? '')) !== undefined, `${ref?.uri} at ${position}`)
      }
    }
  }
}

test('a collection keeps what the head and the versions need, and nothing else, whatever happened before', async () => {
  const property = fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
    const dataset = new Dataset()
    for (const step of acts) await perform(dataset, step)
    await check(dataset)
  })
  await fc.assert(property, { numRuns: 60 })
})

test('what was needed not long ago stays, and so does what nobody has named yet', async () => {
  const dataset = new Dataset()
  await dataset.commit(2, 1)
  await dataset.commit(2, 0)
  await new Promise((resolve) => setTimeout(resolve, 5))
  const since = new Date().toISOString()
  await new Promise((resolve) => setTimeout(resolve, 5))
  await dataset.rewrite('compact', 0, 2)
  await dataset.drop(0)
  assert.deepEqual(await dataset.collect(since), [])
  await dataset.put('partitions')
  assert.deepEqual(await dataset.collect('1969'), [])
  const later = new Date(Date.now() + 60_000).toISOString()
  // Two partitions that were merged, a quarantine, the profile that the compaction had no use for, what nobody named.
  assert.equal((await dataset.collect(later)).length, 5)
  assert.deepEqual(await dataset.stored(), dataset.needed())
})

test('a name that was removed is not used again, so that a slow collector harms nobody', async () => {
  const { context, log } = new Dataset()
  const { storage } = context
  const [first, again] = ['one', 'one'].map((text) => Buffer.from(text))
  const folder = datasetFolder(DATASET, 'partitions')
  const put = (body: Uint8Array | undefined, removed: ReadonlySet<string>) =>
    putBytes(storage, folder, body ?? Buffer.of(), { extension: '.parquet', isRemoved: (key) => removed.has(key) })
  const orphan = await put(first, new Set())
  const [garbage] = await collectGarbage(context, {
    ...{ dataset: DATASET, positions: [], since: '9999', selections: new Set(), why: 'test', actor: 'test' },
  })
  assert.equal(garbage?.key, orphan.uri)
  assert.equal((await log.head())?.seq, 1)
  const renamed = await put(again, new Set([orphan.uri]))
  assert.notEqual(renamed.uri, orphan.uri)
  assert.equal(renamed.sha256, orphan.sha256)
  await storage.remove(orphan.uri)
  assert.equal((await storage.stat(renamed.uri))?.bytes, 3)
})
