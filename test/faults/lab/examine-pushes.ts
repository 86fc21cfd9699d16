/** Where pushes are, looked at from outside: in the inbox, and what waits before a commit. */
import { readFile } from 'node:fs/promises'
import { committedBatches, datasetLog } from '../../../src/data/dataset/dataset-log.js'
import { inboxLog } from '../../../src/source/inbox.js'
import { Queue } from '../../../src/spool/queue.js'
import { type ObjectRef, objectFile } from '../../../src/storage/objects.js'
import type { Storage } from '../../../src/storage/storage.js'
import { idsInContent } from './batches.js'
import type { View } from './lane.js'
import type { Schedule } from './schedule.js'

/** What is still to be done for pushes; `undefined` when nothing is. */
export type Backlog = 'spool' | 'inbox' | undefined

/** Where pushes wait at the moment. */
export async function backlogOf({ storage, spool }: View, model: string): Promise<Backlog> {
  if ((await new Queue(spool, model).look()).pushes > 0) return 'spool'
  const head = (await inboxLog(storage, model).head())?.seq ?? 0
  return head > (await committedUpTo(storage, model)) ? 'inbox' : undefined
}

async function committedUpTo(storage: Storage, model: string): Promise<number> {
  return Number((await committedBatches(datasetLog(storage, model))).batches.cursors.push ?? 0)
}

/** The inbox has every acknowledged push once, and the pushes of a producer in the order in which they were sent. */
export async function inboxFaults(
  { storage }: View,
  { model, batches }: Schedule,
  acknowledged: ReadonlySet<string>,
): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { id } of inboxLog(storage, model).entries()) keys.push(id)
  const sent = [1, 2].flatMap((wave) => batches.filter((batch) => batch.wave === wave && acknowledged.has(batch.name)))
  const producers = [...new Set(sent.map(({ producer }) => producer))]
  const absent = sent.filter(({ name }) => !keys.includes(name)).map(({ name }) => name)
  const surplus = keys.filter((key, i) => keys.indexOf(key) < i || !batches.some(({ name }) => name === key))
  return [
    ...absent.map((name) => `push ${name} was acknowledged, and is not in the inbox`),
    ...surplus.map((key) => `push ${key} is in the inbox, though it was there or never sent`),
    ...producers.flatMap((producer) => {
      const names = sent.filter((batch) => batch.producer === producer).map(({ name }) => name)
      const found = keys.filter((key) => names.includes(key))
      const isOrdered = found.every((key, i) => i === 0 || names.indexOf(found[i - 1] ?? '') <= names.indexOf(key))
      return isOrdered ? [] : [`producer ${producer} sent ${names.join(', ')}, the inbox has ${found.join(', ')}`]
    }),
  ]
}

/** Ids of rows that were pushed and are in no commit yet, as far as their bytes are there. */
export async function idsThatWait({ storage, spool }: View, model: string): Promise<readonly number[]> {
  const ids: number[] = []
  const add = async (from: Storage, object: ObjectRef) => {
    const path = await objectFile(from, object).catch(() => undefined)
    if (path !== undefined) ids.push(...idsInContent(await readFile(path, 'utf8')))
  }
  const from = (await committedUpTo(storage, model)) + 1
  for await (const { body } of inboxLog(storage, model).entries({ from })) await add(storage, body.object)
  const queue = new Queue(spool, model)
  for (let seq = (await queue.drainedUpTo()) + 1; ; seq++) {
    const entry = await queue.at(seq)
    if (entry === undefined) return ids
    await add(spool, entry.body.object)
  }
}
