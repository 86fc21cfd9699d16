/** What every source must do, whatever is behind it: the suite that each adapter runs. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { RefitError } from '../../src/errors.js'
import { arrivalKey, type BatchSource, type Known, type Source } from '../../src/source/source.js'
import { sha256OfBytes } from '../../src/storage/digest.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** A source with the world behind it, fresh and empty. */
export interface SourceWorld {
  readonly source: Source
  /** Makes rows with these numbers arrive, in one piece where the source has pieces. */
  arrive(numbers: readonly number[]): Promise<void>
  /** The numbers in the bytes of a batch. */
  numbersIn(bytes: Buffer, batch: BatchSource): Promise<readonly number[]>
  /** Makes the world stop answering until the result is called; absent where it cannot. */
  stopAnswering?(): Promise<() => Promise<void>>
}

/** How an adapter is tested. */
export interface SourceConformance {
  /** A fresh world, removed when the test ends. */
  readonly open: (t: TestContext) => Promise<SourceWorld>
  /** Schedules of arrivals, looks, losses and commits; fewer for what is slow. */
  readonly schedules?: number
}

/** What was committed, as a dataset's log would tell a source. */
class Commits implements Known {
  readonly #arrivals = new Set<string>()
  readonly #cursors = new Map<string, string>()
  has = (batch: BatchSource) => this.#arrivals.has(arrivalKey(batch))
  cursor = (origin: string) => this.#cursors.get(origin) ?? ''
  add(batch: BatchSource): void {
    assert.ok(!this.has(batch), `${batch.path} was committed before`)
    this.#arrivals.add(arrivalKey(batch))
    if (batch.place === undefined) return
    assert.equal(batch.place.after, this.cursor(batch.place.origin), 'a batch begins where the last one ended')
    this.#cursors.set(batch.place.origin, batch.place.upTo ?? assert.fail(`${batch.path} does not say where it ends`))
  }
}

/** Runs the suite on an adapter. */
export function sourceConformance(name: string, { open, schedules = 15 }: SourceConformance): void {
  const LIMIT = 3
  let files = 0
  const fetched = async (t: TestContext, { source, numbersIn }: SourceWorld, batch: BatchSource) => {
    const to = join(await temporaryFolder(t), String(files++))
    const result = await source.fetch(batch, to)
    if (result === undefined) return undefined
    const bytes = await readFile(to)
    assert.equal(result.sha256, sha256OfBytes(bytes), 'the digest is of the bytes that were written')
    assert.equal(result.batch.bytes, bytes.length)
    assert.equal(result.batch.path, batch.path)
    assert.equal(result.batch.place?.after, batch.place?.after)
    return { batch: result.batch, numbers: await numbersIn(bytes, result.batch) }
  }
  /** Looks and commits until nothing waits. */
  const drain = async (t: TestContext, world: SourceWorld, commits: Commits) => {
    const numbers: number[] = []
    for (let looks = 0; ; looks++) {
      assert.ok(looks < 1000, 'the source never ends')
      const { batches, isLast } = await world.source.find(commits, { limit: LIMIT })
      assert.ok(batches.length <= LIMIT)
      for (const batch of batches) {
        const got = await fetched(t, world, batch)
        if (got === undefined) continue
        commits.add(got.batch)
        numbers.push(...got.numbers)
      }
      if (isLast || batches.length === 0) return numbers
    }
  }

  test(`${name}: nothing arrived, nothing is found`, async (t) => {
    const { source } = await open(t)
    assert.deepEqual(await source.find(new Commits(), { limit: LIMIT }), { batches: [], isLast: true })
  })

  test(`${name}: every row comes once, whatever arrives between looks and whatever is lost before its commit`, async (t) => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('arrive' as const), rows: fc.integer({ min: 1, max: 5 }) }),
      fc.constant({ kind: 'lost' as const }),
      fc.constant({ kind: 'commit' as const }),
    )
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const world = await open(t)
      const commits = new Commits()
      const arrived: number[] = []
      const came: number[] = []
      for (const step of steps) {
        if (step.kind === 'arrive') {
          const numbers = Array.from({ length: step.rows }, (_, i) => arrived.length + i + 1)
          await world.arrive(numbers)
          arrived.push(...numbers)
          continue
        }
        const { batches } = await world.source.find(commits, { limit: LIMIT })
        const [first] = batches
        const got = first === undefined ? undefined : await fetched(t, world, first)
        if (got === undefined || step.kind === 'lost') continue
        commits.add(got.batch)
        came.push(...got.numbers)
      }
      came.push(...(await drain(t, world, commits)))
      assert.deepEqual(
        came.toSorted((a, b) => a - b),
        arrived,
      )
      assert.deepEqual(await drain(t, world, commits), [])
    })
    await fc.assert(property, { numRuns: schedules, endOnFailure: true })
  })

  test(`${name}: an arrival has the same name each time, and its bytes are the same until it is committed`, async (t) => {
    const world = await open(t)
    await world.arrive([1, 2, 3])
    const [one] = (await world.source.find(new Commits(), { limit: LIMIT })).batches
    const [other] = (await world.source.find(new Commits(), { limit: LIMIT })).batches
    if (one === undefined || other === undefined) assert.fail('nothing was found')
    assert.equal(arrivalKey(other), arrivalKey(one))
    assert.deepEqual((await fetched(t, world, one))?.numbers, (await fetched(t, world, other))?.numbers)
  })

  test(`${name}: a stopped fetch ends at once, and the next one is whole`, async (t) => {
    const world = await open(t)
    await world.arrive([1, 2, 3])
    const [batch] = (await world.source.find(new Commits(), { limit: LIMIT })).batches
    if (batch === undefined) assert.fail('nothing was found')
    const to = join(await temporaryFolder(t), 'stopped')
    await assert.rejects(world.source.fetch(batch, to, { signal: AbortSignal.abort() }))
    assert.deepEqual((await fetched(t, world, batch))?.numbers, [1, 2, 3])
  })

  test(`${name}: while the world does not answer, the error says that trying again may help`, async (t) => {
    const world = await open(t)
    if (world.stopAnswering === undefined) return t.skip('nothing can be made to stop answering behind this source')
    await world.arrive([1, 2])
    const answerAgain = await world.stopAnswering()
    await assert.rejects(world.source.find(new Commits(), { limit: LIMIT }), (thrown) => {
      assert.ok(thrown instanceof RefitError, String(thrown))
      assert.equal(thrown.permanent, false)
      return true
    })
    await answerAgain()
    assert.deepEqual(await drain(t, world, new Commits()), [1, 2])
  })
}
