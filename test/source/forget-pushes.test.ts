import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { forgetPushes } from '../../src/source/forget-pushes.js'
import { inboxLog, storePush } from '../../src/source/inbox.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { collect } from '../support/collect.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { wrapStorage } from '../support/wrap-storage.js'

test('bytes of committed pushes go, but for those that a later push has too, even one that comes at that moment', async (t) => {
  const folder = await temporaryFolder(t)
  const storage = await createLocalStorage(join(folder, 'store'))
  const push = async (key: string, text: string) => {
    await writeFile(join(folder, 'push'), text)
    return storePush(storage, 'orders', { key, format: 'json', path: join(folder, 'push') })
  }
  await push('a', '{"customer":1}\n')
  await push('b', '{"customer":2}\n')
  await push('c', '{"customer":3,"name":"Ann"}\n')
  await push('d', '{"customer":2}\n')
  // Somebody pushes the bytes of the third one again, just before they are removed.
  const meddling = wrapStorage(storage, {
    async remove(key) {
      const third = (await inboxLog(storage, 'orders').at(3))?.body.object.uri
      if (key === third) await push('e', '{"customer":3,"name":"Ann"}\n')
      await storage.remove(key)
    },
  })
  assert.equal(await forgetPushes(meddling, 'orders', 3), 15 + 28)
  const left = await collect(storage.list('datasets/orders/inbox/objects/'))
  const named = await collect(inboxLog(storage, 'orders').entries({ from: 4 }))
  assert.deepEqual(left, named.map(({ body }) => body.object.uri).sort())
})
