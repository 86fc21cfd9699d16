import assert from 'node:assert/strict'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFilesSource } from '../../src/source/files.js'
import { openWorkshop } from '../data/workshop.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { sourceConformance } from './conformance.js'

const BODY = 'date,delay,distance,origin,destination\n2001-01-01,1,1,SEA,ORD'
const NOTHING_KNOWN = { has: () => false, cursor: () => '' }

sourceConformance('files', {
  async open(t) {
    const folder = await temporaryFolder(t)
    await mkdir(join(folder, 'in'))
    return {
      source: createFilesSource({ glob: 'in/*.txt', folder }),
      arrive: (numbers) => writeFile(join(folder, `in/${String(numbers[0]).padStart(6, '0')}.txt`), numbers.join('\n')),
      numbersIn: async (bytes) => bytes.toString().split('\n').map(Number),
      async stopAnswering() {
        await rename(join(folder, 'in'), join(folder, 'away'))
        return () => rename(join(folder, 'away'), join(folder, 'in'))
      },
    }
  },
})

test('a glob may be absolute, reach up, or go deep', async (t) => {
  const workshop = await openWorkshop(t)
  const { folder } = workshop
  await mkdir(join(folder, 'in/2001/01'), { recursive: true })
  await mkdir(join(folder, 'deeper'))
  await workshop.put('in/2001/01/a.csv', BODY)
  const file = join(folder, 'in/2001/01/a.csv')
  const cases: [glob: string, from: string, found: string][] = [
    ['in/**/*.csv', folder, 'in/2001/01/a.csv'],
    [`${folder}/in/2001/*/*.{csv,jsonl}`, folder, 'in/2001/01/a.csv'],
    ['in/2001/01/a.csv', folder, 'in/2001/01/a.csv'],
    ['../in/**/*.csv', join(folder, 'deeper'), file],
  ]
  for (const [glob, from, found] of cases) {
    const { batches } = await createFilesSource({ glob, folder: from }).find(NOTHING_KNOWN, { limit: 10 })
    assert.deepEqual(
      batches.map(({ path }) => path),
      [found],
      glob,
    )
  }
})
