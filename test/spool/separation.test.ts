import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { factsOf, judgeSeparation, type PlaceFacts } from '../../src/spool/separation.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const folder = (path: string, device: number, passing?: string): PlaceFacts => {
  return { kind: 'folder', location: `file://${path}`, device, passing }
}
const bucket = (name: string, prefix = ''): PlaceFacts => ({
  kind: 's3',
  location: `s3://${name}${prefix}`,
  bucket: name,
})

test('a spool that fails when the store fails, or dies with its host, is refused; what cannot be known is said', () => {
  const store = folder('/data/store', 1)
  const cases: [store: PlaceFacts, spool: PlaceFacts, isFine: boolean, text: RegExp][] = [
    [store, store, false, /^Cannot use file:\/\/\/data\/store as spool: it is the same place as the store/],
    [store, folder('/data/store/spool', 2), false, /the same place as the store/],
    [folder('/data', 1), folder('/data/spool/', 2), false, /the same place as the store/],
    [store, folder('/data/store-2', 1), false, /on the file system of the store, so it dies with it\. Set REFIT_SPOOL/],
    [
      store,
      folder('/spool', 2),
      true,
      /another file system than the store; whether that is another disk cannot be seen/,
    ],
    [store, folder('/ram', 2, 'it is in memory (tmpfs)'), false, /it is in memory \(tmpfs\), so it dies with its host/],
    [store, bucket('b'), true, /not on this host$/],
    [bucket('a', '/x'), bucket('a', '/y'), false, /in the bucket of the store/],
    [bucket('a'), bucket('b'), true, /when that service is down, both are$/],
    [bucket('a'), folder('/spool', 2), true, /while the host is away, so is what waits there$/],
    [bucket('a'), folder('/tmp/spool', 2, 'it is below /tmp'), false, /it is below \/tmp, so it dies with its host/],
  ]
  for (const [store, spool, isFine, expected] of cases) {
    const judged = judgeSeparation(store, spool)
    assert.match(judged.text, expected)
    assert.equal(judged.isFine, isFine, judged.text)
  }
})

test('the facts of a folder that is not there yet are those of the folder that it will be made in', async (t) => {
  const root = await temporaryFolder(t)
  const facts = await factsOf(root.replace(/^/, 'file:'))
  const below = await factsOf(`file:${join(root, 'not/there')}`)
  if (facts.kind !== 'folder' || below.kind !== 'folder') assert.fail('a folder is a folder')
  assert.equal(below.device, facts.device)
  assert.equal(below.location, pathToFileURL(join(root, 'not/there')).href)
  assert.match(below.passing ?? '', /^it is below \//)
  assert.deepEqual(await factsOf('s3://bucket/some/prefix'), bucket('bucket', '/some/prefix'))
})
