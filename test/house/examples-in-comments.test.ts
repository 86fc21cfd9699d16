/** The examples in doc comments of the library are run as they stand, each as a program of its own. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { packageFile } from '../support/example-file.js'

interface Example {
  /** `src/statistics/auc.ts:12`. */
  readonly place: string
  readonly code: string
}

const LIBRARY = ['src/index.ts', ...sourcesIn('src/statistics'), ...sourcesIn('src/decisions')]
const EXAMPLES = LIBRARY.flatMap((file) => examplesIn(file, readFileSync(packageFile(file), 'utf8')))

/** What a user imports, as the build that runs this test has it. */
const ENTRIES: Readonly<Record<string, string>> = {
  refit: new URL('../../src/index.js', import.meta.url).href,
  'refit/statistics': new URL('../../src/statistics/index.js', import.meta.url).href,
  'refit/decisions': new URL('../../src/decisions/index.js', import.meta.url).href,
}

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'refit-examples-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

for (const { place, code } of EXAMPLES) {
  test(`the example at ${place} does what it says`, () => {
    const file = join(folder, 'example.mjs')
    writeFileSync(
      file,
      code.replaceAll(/ from '(refit[^']*)'/g, (_, entry: string) => ` from '${ENTRIES[entry] ?? entry}'`),
    )
    execFileSync(process.execPath, [file], { stdio: 'pipe', timeout: 60_000 })
  })
}

test('each entry point has an example', () => {
  const shown = Object.keys(ENTRIES).filter((entry) => EXAMPLES.some(({ code }) => code.includes(` from '${entry}'`)))
  assert.deepEqual(shown, Object.keys(ENTRIES))
})

test('examples are found in doc comments, those that need a server are not', () => {
  const text = [
    '/**',
    ' * Adds.',
    ' *',
    ' * ```js',
    ' * equal(1, 1)',
    ' * ```',
    ' * ```js no-run',
    ' * x',
    ' * ```',
    ' */',
  ]
  assert.deepEqual(examplesIn('a.ts', text.join('\n')), [{ place: 'a.ts:4', code: 'equal(1, 1)\n' }])
})

function sourcesIn(folder: string): readonly string[] {
  const names = readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
}

function examplesIn(file: string, text: string): readonly Example[] {
  return [...text.matchAll(/^ *\* ```js\n([\s\S]*?)^ *\* ```$/gm)].map(({ index, 1: body = '' }) => ({
    place: `${file}:${text.slice(0, index).split('\n').length}`,
    code: body.replaceAll(/^ *\* ?/gm, ''),
  }))
}
