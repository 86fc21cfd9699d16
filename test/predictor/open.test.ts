import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPredictor } from '../../src/predictor/open.js'
import type { ModelPackage, PredictorSpec } from '../../src/predictor/package.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const pack = (predictor: PredictorSpec): ModelPackage => ({
  predictor,
  features: [{ name: 'hour', kind: 'numeric' }],
  threshold: 0.5,
  files: {},
})

test('a command of a package is opened in the folder of the package', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(
    join(folder, 'score.mjs'),
    `process.stdin.once('data', (line) => console.log(JSON.stringify({ id: JSON.parse(line).id, scores: [0.25] })))`,
  )
  const command = [process.execPath, '{package}/score.mjs']
  const predictor = await openPredictor(pack({ kind: 'command', command }), folder, process.env)
  const hour = { kind: 'numeric', values: Float64Array.of(7) } as const
  assert.deepEqual(await predictor.predict({ rows: 1, columns: { hour } }), Float64Array.of(0.25))
  await predictor.close()
})

test('what cannot be opened says why', async (t) => {
  const folder = await temporaryFolder(t)
  const url = 'http://127.0.0.1:1/'
  const rule = await rejection(openPredictor(pack({ kind: 'rule', score: '0.5' }), folder, {}), 'InvalidInput')
  assert.equal(rule.message, 'Cannot open a rule as a predictor: it is scored where the data are, by SQL.')
  const token = await rejection(openPredictor(pack({ kind: 'http', url, tokenEnv: 'KEY' }), folder, {}), 'NotAllowed')
  assert.equal(
    token.message,
    'Cannot open the predictor: the environment variable KEY that holds its token is not set. Set it for the worker.',
  )
  const graph = pack({ kind: 'onnx', file: 'absent.onnx', output: 'score' })
  await rejection(openPredictor(graph, folder, {}), 'PredictorFailed')
})
