import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

test('package-lock.json has the binaries of all platforms, so that npm ci takes it anywhere', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools/complete-lock.mjs')], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})
