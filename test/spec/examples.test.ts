import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ParsedSpec, parseSpec } from '../../src/spec/parse.js'
import { formatProblems } from '../../src/spec/problem.js'
import type { ModelSpec } from '../../src/spec/spec.js'
import { specDocs } from '../../src/spec/spec-docs.js'
import { exampleFile, packageFile } from '../support/example-file.js'

function specOf(name: string): ModelSpec {
  const parsed: ParsedSpec = parseSpec(readFileSync(exampleFile(name, 'refit.yaml'), 'utf8'))
  assert.ok(parsed.ok, parsed.ok ? '' : formatProblems(parsed.problems, `${name}/refit.yaml`))
  assert.deepEqual(parsed.warnings, [])
  return parsed.spec
}

test('both flights examples parse without a warning and differ in the features and the trainer only', () => {
  const { model, trainer, ...embedded } = specOf('flights')
  const { model: otherModel, trainer: otherTrainer, ...command } = specOf('flights-lightgbm')
  assert.deepEqual([model, trainer.kind], ['flights', 'embedded'])
  assert.deepEqual([otherModel, otherTrainer.kind], ['flights-lightgbm', 'command'])
  const { derived, features } = embedded.data
  assert.deepEqual({ ...command, data: { ...command.data, derived, features } }, embedded)
})

test('docs/spec.md is what the schema says: run tools/spec-docs.mjs after a change', () => {
  assert.equal(readFileSync(packageFile('docs/spec.md'), 'utf8'), specDocs())
})

test('months.mjs writes the flights of a month, the same bytes each time', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'refit-months-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = () =>
    execFileSync(process.execPath, [exampleFile('flights', 'months.mjs'), '2001-02', '--to', folder], {
      encoding: 'utf8',
    })
  assert.equal(write(), `${join(folder, '2001-02.parquet')}: 458170 flights\n`)
  const first = readFileSync(join(folder, '2001-02.parquet'))
  write()
  assert.deepEqual(readdirSync(folder), ['2001-02.parquet'])
  assert.ok(first.equals(readFileSync(join(folder, '2001-02.parquet'))))
})

test('months.mjs says which months there are', () => {
  const { status, stderr } = spawnSync(process.execPath, [exampleFile('flights', 'months.mjs'), '2001-07'], {
    encoding: 'utf8',
  })
  assert.equal(status, 2)
  assert.equal(stderr, 'Cannot write month "2001-07": expected 2001-01 to 2001-06, which the data set covers.\n')
})
