import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, rename, rm, rmdir, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { messageOf } from '../../src/errors.js'
import { createLocalStorage } from '../../src/storage/local.js'
import { collect } from '../support/collect.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { storageConformance } from './conformance.js'

const run = promisify(execFile)
const bytes = (text: string): Uint8Array => Buffer.from(text)

storageConformance('in a folder', {
  open: async (t) => {
    const folder = join(await temporaryFolder(t), 'store')
    return () => createLocalStorage(folder)
  },
})

test('a store whose folder went away answers nothing and does not come back empty', async (t) => {
  const root = join(await temporaryFolder(t), 'store')
  const source = join(root, '../source')
  await writeFile(source, 'x')
  const storage = await createLocalStorage(root)
  await storage.create('a/1.x', bytes('one'))
  await rename(root, `${root}-away`)

  const operations = {
    create: () => storage.create('b/2.x', bytes('two')),
    createFromFile: () => storage.createFromFile('b/2.x', source),
    read: () => storage.read('a/1.x'),
    stat: () => storage.stat('a/1.x'),
    readAbsent: () => storage.read('none.x'),
    list: () => collect(storage.list('')),
    listBelow: () => collect(storage.list('a/')),
    replace: () => storage.replace('hint.x', bytes('h')),
    remove: () => storage.remove('a/1.x'),
    toLocalFile: () => storage.toLocalFile('a/1.x'),
  }
  for (const [name, operation] of Object.entries(operations)) {
    const error = await rejection(operation(), 'StoreUnavailable')
    assert.equal(error.permanent, false, name)
    assert.equal(
      error.message,
      `Cannot use store ${root}: its marker "~refit-store.json" is not there. Mount the volume or put the folder back.`,
    )
  }
  await assert.rejects(access(root))

  // An unmounted volume: the folder is there, and empty.
  await mkdir(root)
  for (const operation of Object.values(operations)) await rejection(operation(), 'StoreUnavailable')
  assert.deepEqual(await readdir(root), [])

  await rm(root, { recursive: true })
  await rename(`${root}-away`, root)
  assert.equal(await storage.create('b/2.x', bytes('two')), true)
  assert.deepEqual(await collect(storage.list('')), ['a/1.x', 'b/2.x'])
})

test('a store at whose place another store was put answers nothing', async (t) => {
  const root = join(await temporaryFolder(t), 'store')
  const storage = await createLocalStorage(root)
  await rename(root, `${root}-away`)
  await createLocalStorage(root)
  const error = await rejection(storage.read('a.x'), 'StoreUnavailable')
  assert.match(error.message, /another store is at this place now/)
})

test('a folder with files that are no store is refused and left as it is', async (t) => {
  const root = await temporaryFolder(t)
  await writeFile(join(root, 'thesis.txt'), '')
  const error = await rejection(createLocalStorage(root), 'InvalidInput')
  assert.match(error.message, /the folder holds other files \(thesis\.txt\) and no marker/)
  assert.deepEqual(await readdir(root), ['thesis.txt'])
})

test('a store opened by many at once is one store', async (t) => {
  const root = join(await temporaryFolder(t), 'store')
  const storages = await Promise.all(Array.from({ length: 20 }, () => createLocalStorage(root)))
  const created = await Promise.all(storages.map((storage) => storage.create('one.x', bytes('1'))))
  assert.equal(created.filter(Boolean).length, 1)
})

test('opening sweeps old leftovers and spares a writer at work', async (t) => {
  const root = await temporaryFolder(t)
  const storage = await createLocalStorage(root)
  await writeFile(join(root, '~temporary/old'), 'x')
  await writeFile(join(root, '~temporary/young'), 'x')
  const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
  await utimes(join(root, '~temporary/old'), twoHoursAgo, twoHoursAgo)
  await createLocalStorage(root)
  assert.deepEqual(await readdir(join(root, '~temporary')), ['young'])
  assert.deepEqual(await collect(storage.list('')), [])
})

test('every write leaves nothing temporary behind', async (t) => {
  const root = await temporaryFolder(t)
  const storage = await createLocalStorage(root)
  await storage.create('a/1.x', bytes('1'))
  await storage.create('a/1.x', bytes('2'))
  await storage.replace('a/2.x', bytes('3'))
  assert.deepEqual(await readdir(join(root, '~temporary')), [])
})

test('what a person left there is no object, and a folder at the place of an object is refused', async (t) => {
  const root = await temporaryFolder(t)
  const storage = await createLocalStorage(root)
  await storage.create('a/b.x', bytes('1'))
  await writeFile(join(root, 'a/README'), '')
  await mkdir(join(root, 'a/c.x'))
  await writeFile(join(root, 'a/c.x/d.x'), '')
  assert.deepEqual(await collect(storage.list('')), ['a/b.x'])
  assert.equal(await storage.read('a/c.x'), undefined)
  await rejection(storage.create('a/c.x', bytes('2')), 'InvalidInput')
})

test('folders that somebody removed by hand are made again', async (t) => {
  const root = await temporaryFolder(t)
  const storage = await createLocalStorage(root)
  await storage.create('a/b/1.x', bytes('1'))
  await rm(join(root, 'a'), { recursive: true })
  await rejection(storage.create('a/b/2.x', bytes('2')), 'StoreUnavailable')
  assert.equal(await storage.create('a/b/2.x', bytes('2')), true)
})

test('the location is the address of the folder', async (t) => {
  const root = await temporaryFolder(t)
  assert.equal((await createLocalStorage(root)).location, pathToFileURL(root).href)
})

test('a full disk is said to be full, leaves nothing half written, and heals', async (t) => {
  const root = await smallDisk(t)
  if (root === undefined) return
  const storage = await createLocalStorage(root)
  await storage.create('small.x', bytes('small'))
  const big = Buffer.alloc(3 * 1024 * 1024)
  const source = join(await temporaryFolder(t), 'big')
  await writeFile(source, big)

  for (const write of [
    () => storage.create('big.x', big),
    () => storage.createFromFile('big.x', source),
    () => storage.replace('big.x', big),
  ]) {
    const error = await rejection(write(), 'StoreUnavailable')
    assert.match(
      error.message,
      /"big\.x" in store .*: the disk is full\. Free space or enlarge the volume, then try again;/,
    )
    assert.equal(error.permanent, false)
    assert.equal(await storage.read('big.x'), undefined)
    assert.deepEqual(await readdir(join(root, '~temporary')), [])
  }
  assert.equal(Buffer.from((await storage.read('small.x')) ?? []).toString(), 'small')
  assert.equal(await storage.create('still.x', bytes('works')), true)
})

test('a disk that went read-only is said to be so', async (t) => {
  const root = await smallDisk(t)
  if (root === undefined) return
  const storage = await createLocalStorage(root)
  await storage.create('small.x', bytes('small'))
  await run('mount', ['-o', 'remount,ro', root])
  const error = await rejection(storage.create('other.x', bytes('x')), 'StoreUnavailable')
  assert.match(error.message, /the file system is read-only/)
  assert.equal(Buffer.from((await storage.read('small.x')) ?? []).toString(), 'small')
})

/** A file system of 2 MiB; where this process may not mount one, the test is skipped and says so. */
async function smallDisk(t: TestContext): Promise<string | undefined> {
  const root = await mkdtemp(join(tmpdir(), 'refit-disk-'))
  let mounted = false
  t.after(async () => {
    if (mounted) await run('umount', ['-l', root])
    await rmdir(root)
  })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', root])
    mounted = true
    return root
  } catch (thrown) {
    t.skip(`NOT TESTED: cannot mount a small tmpfs (${messageOf(thrown).trim()}). Run the tests as root on Linux.`)
    return undefined
  }
}
