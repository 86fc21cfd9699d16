/** What npm would publish: what is in it, what is not, and that its entry points can be imported. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { packageFile } from '../support/example-file.js'
import { LEFT_BEHIND, npm, type Packed, packPackage } from '../support/packed.js'

let folder: string
let packed: Packed
/** Folder of the unpacked package, with the packages that it needs beside it. */
let unpacked: string

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'refit-package-'))
  packed = packPackage(folder, { build: false })
  const modules = join(folder, 'user', 'node_modules')
  mkdirSync(modules, { recursive: true })
  execFileSync('tar', ['-xzf', packed.tarball, '-C', modules])
  unpacked = join(modules, 'package')
  for (const name of readdirSync(packageFile('node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(packageFile(`node_modules/${name}`), join(modules, name), 'junction')
  }
  symlinkSync(unpacked, join(modules, 'refit'), 'junction')
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('the package has what a user needs', () => {
  const needed = [
    ...['README.md', 'LICENSE', 'CHANGELOG.md', 'ARCHITECTURE.md', 'package.json', 'dist/refit.schema.json'],
    ...['dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/statistics/index.js', 'dist/src/decisions/index.js'],
    ...['dist/src/cli/main.js', 'dist/src/workflows/index.js', 'python/refit_trainer.py'],
    ...['examples/flights/refit.yaml', 'examples/flights/months.mjs', 'examples/flights-lightgbm/train.py'],
    ...['tools/temporal-server/go.mod', 'tools/temporal-server/go.sum', 'tools/temporal-server/tools.go'],
    ...['docs/README.md', 'docs/spec.md', 'docs/configuration.md', 'docs/cli.md'],
  ]
  assert.deepEqual(
    needed.filter((file) => !packed.files.includes(file)),
    [],
  )
})

test('the package has no test, no data, and nothing that work in the clone left behind', () => {
  const strange =
    /(^|\/)(test|bench|landing|node_modules|__pycache__|\.[^/]+)\/|\.test\.|\.(parquet|csv|db|map|log|tgz|pyc)$/
  assert.deepEqual(
    packed.files.filter((file) => strange.test(file) || LEFT_BEHIND.includes(file)),
    [],
  )
})

test('the package names no place of the machine that packed it', () => {
  const registry = new URL(npm(['config', 'get', 'registry'], folder).trim()).host
  const places = [packageFile(''), folder, `${homedir()}/`, ...(registry.endsWith('npmjs.org') ? [] : [registry])]
  const found = packed.files.flatMap((file) => {
    const text = readFileSync(join(unpacked, file), 'utf8')
    return places.filter((place) => text.includes(place)).map((place) => `${file}: ${place}`)
  })
  assert.deepEqual(found, [])
})

const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  refit: ['connectRefit', 'createRefitClient', 'parseSpec', 'formatProblems', 'specJsonSchema', 'RefitError'],
  'refit/statistics': ['auc', 'deLongPaired', 'populationStabilityIndex', 'psiNoiseLimit', 'benjaminiHochberg'],
  'refit/decisions': ['decide', 'judge', 'ruleOnAdmission', 'assembleEvidence', 'compare'],
}

/** Imports an entry in a process of its own and tells what that changed; the process must end by itself. */
const PROBE = `
const state = () => JSON.stringify([process.env, process.cwd(), process.exitCode ?? null, listeners()])
const listeners = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)])
const before = state()
const names = Object.keys(await import(process.argv[1]))
process.stdout.write(JSON.stringify({ names, isUnchanged: state() === before }))
`

for (const [entry, names] of Object.entries(ENTRIES)) {
  test(`importing ${entry} gives the documented names and does nothing else`, () => {
    const cwd = join(folder, 'user')
    const before = readdirSync(cwd, { recursive: false })
    const run = ['--input-type=module', '--eval', PROBE, entry]
    const answer = execFileSync(process.execPath, run, { cwd, encoding: 'utf8', timeout: 60_000 })
    const found: { names: string[]; isUnchanged: boolean } = JSON.parse(answer)
    assert.deepEqual(
      names.filter((name) => !found.names.includes(name)),
      [],
    )
    assert.ok(found.isUnchanged)
    assert.deepEqual(readdirSync(cwd, { recursive: false }), before)
  })
}

test('what is not exported cannot be imported', () => {
  writeFileSync(join(folder, 'user', 'deep.mjs'), "import 'refit/dist/src/wiring.js'\n")
  assert.throws(
    () => execFileSync(process.execPath, ['deep.mjs'], { cwd: join(folder, 'user'), stdio: 'pipe' }),
    /ERR_PACKAGE_PATH_NOT_EXPORTED/,
  )
})
