/** The fault laboratory: honest Refit passes its seeds, and builds that break a promise do not. `npm run soak` runs more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLaboratory } from './lab/laboratory.js'
import type { PointFault } from './lab/points.js'
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
})

/** How a build is sabotaged, which faults bring it to light, and within how many seeds. */
const SABOTAGED: readonly (readonly [Exclude<Sabotage, 'none'>, readonly PointFault['kind'][], number])[] = [
  ['noFsync', ['powerCut'], 4],
  ['overwrite', ['writeSlow'], 4],
  ['earlyAnswer', ['kill'], 8],
]

for (const [sabotage, only, atMost] of SABOTAGED) {
  test(`a build with ${sabotage}: the laboratory sees it within ${atMost} seeds`, { timeout: 600_000 }, async () => {
    const seeds = Array.from({ length: atMost }, (_, i) => ({ seed: i + 1, storage: 'local' as const }))
    const caught: SeedResult[] = []
    await runLaboratory({
      seeds,
      lanes: 1,
      sabotage,
      only,
      report(result) {
        if (result.lost + result.doubled === 0) return undefined
        caught.push(result)
        return 'stop'
      },
    })
    assert.equal(caught.length, 1, `${sabotage} went unseen`)
  })
}
