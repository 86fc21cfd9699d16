import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createEventualStorage } from '../../src/storage/eventual.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { openStorage } from '../../src/storage/open.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { storageConformance } from './conformance.js'

storageConformance('that is opened when it is used', {
  open: async (t) => {
    const folder = join(await temporaryFolder(t), 'store')
    return async () => createEventualStorage(pathToFileURL(folder).href, () => createLocalStorage(folder))
  },
})

test('a store that is away is opened by the first operation that finds it, and only once', async (t) => {
  const root = await temporaryFolder(t)
  const folder = join(root, 'store')
  const before = await createLocalStorage(folder)
  await before.create('a.txt', Buffer.from('1'))
  await rename(folder, `${folder}-away`)
  let opened = 0
  const storage = createEventualStorage('here', async () => {
    opened++
    return openStorage(`file:${folder}`, { cacheFolder: root, mustExist: true })
  })
  assert.deepEqual([storage.location, opened], ['here', 0])
  await rejection(storage.read('a.txt'), 'StoreUnavailable')
  await rename(`${folder}-away`, folder)
  assert.equal(Buffer.from((await storage.read('a.txt')) ?? []).toString(), '1')
  const keys: string[] = []
  for await (const key of storage.list('')) keys.push(key)
  assert.deepEqual([keys, opened], [['a.txt'], 2])
})
