import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { schemaAt, specJsonSchema, specJsonSchemaText } from '../../src/spec/json-schema.js'
import { exampleFile } from '../support/example-file.js'

const ajv = new Ajv2020({ allErrors: true })
for (const format of ['uri', 'date', 'date-time']) ajv.addFormat(format, true)
const validate = ajv.compile(specJsonSchema())

/** The examples by their plain data, so that each test may spoil its own copy. */
const example = (name: string): Record<string, unknown> => parse(readFileSync(exampleFile(name, 'refit.yaml'), 'utf8'))

test('the JSON Schema is valid draft 2020-12 and takes the examples', () => {
  for (const name of ['flights', 'flights-lightgbm']) {
    assert.equal(validate(example(name)), true, `${name}: ${ajv.errorsText(validate.errors)}`)
  }
})

test('the JSON Schema refuses what the parser refuses', () => {
  const spoiled: readonly (readonly [change: Record<string, unknown>, error: string])[] = [
    [{ model: 'Flights' }, '/model'],
    [{ gates: { margin: 'high' } }, '/gates/margin'],
    [{ gates: { margn: 0.1 } }, '/gates'],
    [{ trainer: { kind: 'command' } }, '/trainer'],
    [{ goal: undefined }, ''],
    [{ triggers: { schedule: { cron: 'daily' } } }, '/triggers/schedule/cron'],
  ]
  for (const [change, place] of spoiled) {
    const data: unknown = JSON.parse(JSON.stringify({ ...example('flights'), ...change }))
    assert.equal(validate(data), false)
    assert.ok(
      validate.errors?.some(({ instancePath }) => instancePath === place),
      ajv.errorsText(validate.errors),
    )
  }
})

test('every field of the JSON Schema has a description, for editors and docs', () => {
  const missing: string[] = []
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    if ('properties' in node && typeof node.properties === 'object' && node.properties !== null) {
      for (const [key, child] of Object.entries(node.properties)) {
        if (typeof child !== 'object' || child === null || !('description' in child)) missing.push(`${path}.${key}`)
      }
    }
    for (const [key, child] of Object.entries(node)) walk(child, `${path}/${key}`)
  }
  walk(specJsonSchema(), '')
  assert.deepEqual(missing, [])
})

test('schemaAt follows the kind that the data name', () => {
  const data = { trainer: { kind: 'command' } }
  assert.equal(schemaAt(['trainer', 'seed'], data)?.description, 'seed, handed to the program')
  assert.equal(schemaAt(['trainer', 'seed'], {})?.description, 'seed of everything random')
  assert.equal(schemaAt(['data', 'columns', 'delay', 'type'], data)?.type, 'string')
  assert.equal(schemaAt(['trainer', 'colour'], data), undefined)
  assert.equal(schemaAt(['constructor'], data), undefined)
})

test('the text of refit.schema.json is the schema', () => {
  assert.deepEqual(JSON.parse(specJsonSchemaText()), JSON.parse(JSON.stringify(specJsonSchema())))
})
