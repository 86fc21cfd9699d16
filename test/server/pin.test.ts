import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cacheFolder, TEMPORAL_VERSION } from '../../src/server/pin.js'
import { isAtLeast } from '../../src/server/versions.js'

test('the version that is downloaded is the one that is built', () => {
  const module = fileURLToPath(new URL('../../../tools/temporal-server/go.mod', import.meta.url))
  assert.match(readFileSync(module, 'utf8'), new RegExp(`github.com/temporalio/cli v${TEMPORAL_VERSION}\\n`))
})

test('the cache folder is the one that is named, then the one of the desktop, then the one at home', () => {
  assert.equal(cacheFolder({ REFIT_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a')
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/b' }), join('/b', 'refit'))
  assert.match(cacheFolder({}), /\.cache[\\/]refit$/)
})

test('versions are compared by number, part by part', () => {
  const cases = [
    ['1.29.1', '1.29.1', true],
    ['1.30.0', '1.29.1', true],
    ['1.9.9', '1.29.1', false],
    ['1.26', '1.26.0', true],
    ['2', '1.29.1', true],
  ] as const
  for (const [version, least, expected] of cases)
    assert.equal(isAtLeast(version, least), expected, `${version} ${least}`)
})
