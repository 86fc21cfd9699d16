import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { DataSource } from '../../src/spec/data-source.js'
import { packageFile } from '../support/example-file.js'

test('docs/sources.md has an example of each kind of source, as the spec reads it', () => {
  const page = readFileSync(packageFile('docs/sources.md'), 'utf8')
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => {
    return z.strictObject({ source: DataSource }).parse(parse(yaml)).source.kind
  })
  const kinds = DataSource.options.map(({ shape }) => shape.kind.value)
  assert.deepEqual([...new Set(examples)], kinds)
})
