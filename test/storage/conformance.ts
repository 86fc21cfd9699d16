/** What every store guarantees, run against each adapter. A new adapter is one file and a few lines of test. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { sha256OfBytes } from '../../src/storage/digest.js'
import type { Storage } from '../../src/storage/storage.js'
import { collect } from '../support/collect.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** Opens one fresh store again and again, as several processes would. */
export type OpenAgain = () => Promise<Storage>

/** How the suite gets stores. */
export interface StorageSubject {
  /** Makes a fresh store that is removed when the test ends. */
  readonly open: (t: TestContext) => Promise<OpenAgain>
  /** Why the suite cannot run here; skips it loudly. */
  readonly skip?: string | undefined
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

/** Defines the suite for one adapter. */
export function storageConformance(name: string, { open, skip }: StorageSubject): void {
  describe(`storage ${name}`, { skip: skip ?? false }, () => {
    const check = (title: string, run: (storage: Storage, again: OpenAgain, t: TestContext) => Promise<void>): void => {
      test(title, async (t) => {
        const again = await open(t)
        await run(await again(), again, t)
      })
    }

    check('creates once and keeps the first bytes', async (storage) => {
      assert.equal(await storage.create('a/b.json', bytes('first')), true)
      assert.equal(await storage.create('a/b.json', bytes('second')), false)
      assert.deepEqual(new Uint8Array((await storage.read('a/b.json')) ?? []), bytes('first'))
    })

    check('of concurrent creators one wins, and its bytes stay', async (storage, again) => {
      const storages = [storage, await again(), await again()]
      for (let round = 0; round < 5; round++) {
        const key = `race/${round}.txt`
        const attempts = Array.from({ length: 40 }, async (_, index) => {
          const body = bytes(`${index}`.repeat(1 + index * 50))
          const won = await (storages[index % storages.length] ?? storage).create(key, body)
          return won ? body : undefined
        })
        const winners = (await Promise.all(attempts)).filter((body) => body !== undefined)
        assert.equal(winners.length, 1)
        assert.deepEqual(new Uint8Array((await storage.read(key)) ?? []), winners[0])
      }
    })

    check('what one opener wrote, another sees', async (storage, again) => {
      await storage.create('x/1.txt', bytes('one'))
      const other = await again()
      assert.deepEqual(await collect(other.list('')), ['x/1.txt'])
      assert.equal(Buffer.from((await other.read('x/1.txt')) ?? []).toString(), 'one')
    })

    check('tells absent by undefined and NotFound, and removes what is absent', async (storage) => {
      assert.equal(await storage.read('no/such.txt'), undefined)
      assert.deepEqual(await collect(storage.list('no/')), [])
      await storage.remove('no/such.txt')
      assert.equal(await storage.stat('no/such.txt'), undefined)
      const error = await rejection(storage.toLocalFile('no/such.txt'), 'NotFound')
      assert.match(error.message, /^Cannot read "no\/such\.txt" in store .+: there is no such object\.$/)
    })

    check('tells size and time of an object, and forgets what was removed, its local copy too', async (storage) => {
      const before = Date.now()
      await storage.create('person/1.txt', bytes('somebody'))
      const stat = await storage.stat('person/1.txt')
      assert.equal(stat?.bytes, 8)
      // Stores tell seconds, by a clock of their own.
      assert.ok(Math.abs((stat?.modifiedAt.getTime() ?? 0) - before) < 60_000)
      const local = await storage.toLocalFile('person/1.txt')
      await storage.remove('person/1.txt')
      assert.equal(await storage.stat('person/1.txt'), undefined)
      await assert.rejects(readFile(local), { code: 'ENOENT' })
    })

    check('replaces', async (storage) => {
      await storage.replace('hint.json', bytes('1'))
      await storage.replace('hint.json', bytes('22'))
      assert.equal(Buffer.from((await storage.read('hint.json')) ?? []).toString(), '22')
    })

    check('lists in byte order, by prefix, after a key', async (storage) => {
      const names = ['a-b', 'a=b/x', 'a/1', 'a/10', 'a/2/z', 'a/9', 'a_b', 'aB', 'ab', 'b/1', 'Z']
      const keys = names.map((name) => `${name}.x`)
      for (const key of keys) await storage.create(key, bytes(key))
      for (const [prefix, after] of [
        ['', ''],
        ['a', ''],
        ['a/', ''],
        ['a/1', ''],
        ['', 'a/1.x'],
        ['a/', 'a/2'],
        ['a', 'a/2/z.x'],
        ['b/', 'b/1.x'],
        ['b/1.', ''],
      ] as const) {
        const expected = keys.filter((key) => key.startsWith(prefix) && key > after).sort()
        assert.deepEqual(await collect(storage.list(prefix, after)), expected, `prefix "${prefix}" after "${after}"`)
      }
    })

    check('lists more than a page', async (storage) => {
      const keys = Array.from({ length: 1_010 }, (_, index) => `many/${String(index).padStart(12, '0')}.json`)
      for (let first = 0; first < keys.length; first += 50) {
        await Promise.all(keys.slice(first, first + 50).map((key) => storage.create(key, bytes('x'))))
      }
      assert.deepEqual(await collect(storage.list('many/')), keys)
      assert.deepEqual(await collect(storage.list('many/', keys[1_000])), keys.slice(1_001))
    })

    check('stores files of every size, once', async (storage, _again, t) => {
      const folder = await temporaryFolder(t)
      for (const size of [0, 1, 70_000, 20 * 1024 * 1024 + 7]) {
        const body = randomBytes(size)
        const path = join(folder, 'source')
        await writeFile(path, body)
        const key = `files/${size}.bin`
        assert.equal(await storage.createFromFile(key, path, sha256OfBytes(body)), true)
        assert.equal(await storage.createFromFile(key, path), false)
        const local = await storage.toLocalFile(key)
        assert.match(local, /\.bin$/)
        assert.equal(Buffer.compare(await readFile(local), body), 0)
        assert.equal(Buffer.compare((await storage.read(key)) ?? new Uint8Array(1), body), 0)
      }
    })

    check('refuses a file that changed, and a file that is not there', async (storage, _again, t) => {
      const folder = await temporaryFolder(t)
      for (const size of [10, 17 * 1024 * 1024]) {
        const path = join(folder, 'source')
        await writeFile(path, Buffer.alloc(size))
        const error = await rejection(storage.createFromFile('changed.bin', path, '0'.repeat(64)), 'UnreadableSource')
        assert.match(error.message, /it changed while it was read/)
        assert.equal(error.permanent, false)
      }
      await rejection(storage.createFromFile('changed.bin', join(folder, 'none')), 'UnreadableSource')
      await rejection(storage.createFromFile('changed.bin', folder), 'UnreadableSource')
      assert.equal(await storage.read('changed.bin'), undefined)
    })

    check('refuses what is no key', async (storage) => {
      for (const key of [
        '',
        '/',
        'a.x/',
        '/a.x',
        'a//b.x',
        'a/../b.x',
        '.',
        'ä.x',
        'a b.x',
        'a\\b.x',
        '~a.x',
        `${'x'.repeat(199)}.x`,
        `${'a/'.repeat(450)}b.x`,
      ]) {
        await refusesKey(storage, key)
      }
      for (const prefix of ['../', 'a b', 'a.x/']) await rejection(collect(storage.list(prefix)), 'InvalidInput')
    })

    check('no key is a /-prefix of another: an object has a dot in its name, a folder has none', async (storage) => {
      await storage.create('a/b.x', bytes('1'))
      for (const key of ['a', 'a/b', 'a/b.x/c.x', 'a/b.x/c', 'a.x/b.x']) await refusesKey(storage, key)
      assert.deepEqual(await collect(storage.list('')), ['a/b.x'])
    })

    check('agrees with a model of it over random histories', async (storage) => {
      let history = 0
      const act = fc.oneof(
        fc.record({ kind: fc.constantFrom('create' as const, 'replace' as const), key: keys, body: fc.uint8Array() }),
        fc.record({ kind: fc.constantFrom('remove' as const, 'read' as const, 'list' as const), key: keys }),
      )
      const property = fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        const root = `history-${history++}/`
        const model = new Map<string, Uint8Array>()
        for (const step of acts) {
          const key = root + step.key
          switch (step.kind) {
            case 'create':
              assert.equal(await storage.create(key, step.body), !model.has(key))
              if (!model.has(key)) model.set(key, step.body)
              break
            case 'replace':
              await storage.replace(key, step.body)
              model.set(key, step.body)
              break
            case 'remove':
              await storage.remove(key)
              model.delete(key)
              break
            case 'read': {
              const found = await storage.read(key)
              assert.deepEqual(found && new Uint8Array(found), model.get(key))
              break
            }
            case 'list': {
              const later = [...model.keys()].filter((other) => other > key).sort()
              assert.deepEqual(await collect(storage.list(root, key)), later)
            }
          }
        }
      })
      await fc.assert(property, { numRuns: 30 })
    })
  })
}

/** Asserts that every operation that takes a key refuses this one. */
async function refusesKey(storage: Storage, key: string): Promise<void> {
  await rejection(storage.create(key, bytes('')), 'InvalidInput')
  await rejection(storage.createFromFile(key, fileURLToPath(import.meta.url)), 'InvalidInput')
  await rejection(storage.replace(key, bytes('')), 'InvalidInput')
  await rejection(storage.read(key), 'InvalidInput')
  await rejection(storage.remove(key), 'InvalidInput')
  await rejection(storage.stat(key), 'InvalidInput')
  await rejection(storage.toLocalFile(key), 'InvalidInput')
}

/** Few, so that they meet. */
const keys = fc
  .tuple(
    fc.array(fc.constantFrom('d', 'd-', 'dd', 'd=1', 'D_'), { maxLength: 3 }),
    fc.constantFrom('d.', 'f.json', '0.x', '-f.x', '.f'),
  )
  .map(([folders, file]) => [...folders, file].join('/'))
