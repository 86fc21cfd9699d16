/** What `refit doctor` and `refit status` say of the rescue spool. Needs no Temporal server. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { createReception } from '../../src/spool/reception.js'
import { Spool } from '../../src/spool/spool.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { push, WIDE } from '../spool/shared.js'
import { outsideEnvironment, refit, refitJson } from '../support/refit.js'

const Findings = z.looseObject({
  findings: z.array(z.object({ what: z.string(), isFine: z.boolean(), text: z.string() })),
})

test('doctor refuses a spool that dies with its host, and says what waits there also while the store is away', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'refit-spool-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'scratch'))
  const store = await createLocalStorage(join(folder, 'store'))
  const spool = new Spool(await createLocalStorage(join(folder, 'spool')), WIDE)
  await rename(join(folder, 'store'), join(folder, 'away'))
  const ports = { store, spool, scratchFolder: join(folder, 'scratch'), hasModel: async () => true }
  await push(createReception(ports), 'a', '{"n":1}\n')
  const env = {
    ...outsideEnvironment(),
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    REFIT_STORE: `file:${join(folder, 'store')}`,
    REFIT_SPOOL: `file:${join(folder, 'spool')}`,
  }

  const status = await refit(['status'], { folder, env })
  assert.equal(status.exitCode, 1)
  assert.match(
    status.stderr,
    /^error Cannot open the store .*\n1 push waits \(8 bytes\), since 20.* UTC in the spool, less than 1 % of its 10 GB\n$/,
  )

  await rename(join(folder, 'away'), join(folder, 'store'))
  const { findings } = await refitJson(['doctor'], { folder, env }, Findings, 1)
  const found = new Map(findings.map((finding) => [finding.what, finding]))
  assert.equal(found.get('spool')?.isFine, false)
  assert.match(
    found.get('spool')?.text ?? '',
    /^Cannot use file:.*\/spool as spool: it is below .*, so it dies with its host\./,
  )
  assert.match(
    found.get('spooled')?.text ?? '',
    /^1 push waits \(8 bytes\), since 20.* UTC in the spool, less than 1 % of its 10 GB$/,
  )
})
