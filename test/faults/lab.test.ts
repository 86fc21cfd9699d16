/** The fault laboratory: honest Refit passes its seeds, and builds that break a promise do not. `npm run soak` runs more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLaboratory, type SeedRequest } from './lab/laboratory.js'
import type { Point, PointFault } from './lab/points.js'
import { isFine, type SeedResult } from './lab/run-seed.js'
import type { Sabotage } from './lab/sabotage.js'
import { describeSeed } from './lab/soak.js'

const LOCAL_SEEDS = 20
const S3_SEEDS = 5

test('seeds of faults: no row lost or doubled, nothing stuck, no promise broken', { timeout: 600_000 }, async () => {
  const local = Array.from({ length: LOCAL_SEEDS }, (_, i) => ({ seed: i, storage: 'local' as const }))
  const s3 = Array.from({ length: S3_SEEDS }, (_, i) => ({ seed: LOCAL_SEEDS + i, storage: 's3' as const }))
  const results = await runLaboratory({ seeds: [...local, ...s3] })
  assert.equal(results.length, LOCAL_SEEDS + S3_SEEDS)
  const failed = results.filter((result) => !isFine(result)).map(describeSeed)
  assert.deepEqual(failed, [])
  const fired = results.flatMap((result) => result.fired)
  assert.ok(fired.length >= results.length, `${fired.length} faults happened in ${results.length} seeds`)
  const spooled = results.reduce((sum, { pushes }) => sum + pushes.spooled, 0)
  assert.ok(spooled > 0, 'no push went to the spool')
})

/** How a build is sabotaged, which faults bring it to light in the store and in the spool, and within how many seeds each. */
const SABOTAGED: readonly (readonly [
  Exclude<Sabotage, 'none'>,
  PointFault['kind'],
  Record<'store' | 'spool', readonly Point[]>,
])[] = [
  ['noFsync', 'powerCut', { store: ['release'], spool: ['drain mark'] }],
  ['overwrite', 'writeSlow', { store: ['commit'], spool: ['spool entry'] }],
  ['earlyAnswer', 'kill', { store: ['commit'], spool: ['spool object', 'spool entry'] }],
]
const SEEDS_FOR_EACH = 4

for (const [sabotage, kind, points] of SABOTAGED) {
  test(`a build with ${sabotage}: rows are lost from the store and from the spool`, { timeout: 600_000 }, async () => {
    const caught: Partial<Record<SeedResult['schedule']['arrival'], SeedResult>> = {}
    const seeds = Array.from({ length: 2 * SEEDS_FOR_EACH }, (_, i): SeedRequest => {
      const only = { kinds: [kind], points: i % 2 === 0 ? points.store : points.spool }
      return { seed: i, storage: 'local', only }
    })
    await runLaboratory({
      seeds,
      lanes: 1,
      sabotage,
      limitMs: 20_000,
      report(result) {
        if (result.lost + result.doubled > 0) caught[result.schedule.arrival] ??= result
        return caught.files !== undefined && caught.pushes !== undefined ? 'stop' : undefined
      },
    })
    assert.deepEqual(Object.keys(caught).sort(), ['files', 'pushes'], `${sabotage} went unseen`)
  })
}
