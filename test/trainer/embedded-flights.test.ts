/** The embedded trainer on real flights, read as the worker reads them: two weeks to learn, the next one to score. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { readBatches } from '../../src/data/selection/read.js'
import { openOnnxPredictor } from '../../src/predictor/onnx.js'
import type { FeatureColumn } from '../../src/predictor/package.js'
import { auc } from '../../src/statistics/auc.js'
import { createEmbeddedTrainer } from '../../src/trainer/embedded/embedded.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { quiet } from './embedded-workshop.js'

const FEATURES: readonly FeatureColumn[] = [
  { name: 'distance', kind: 'numeric' },
  { name: 'minuteOfDay', kind: 'numeric' },
  { name: 'dayOfWeek', kind: 'numeric' },
  { name: 'originHour', kind: 'categorical' },
  { name: 'destinationHour', kind: 'categorical' },
]

test('learns from real flights what the next week confirms', async (t) => {
  const folder = await temporaryFolder(t)
  const [training, validation, later] = await flightFiles(folder)
  const context = { scratchFolder: join(folder, 'scratch') }
  const trainer = createEmbeddedTrainer(
    {
      readColumns: (file, features, extra, signal) =>
        readBatches(context, {
          files: [file],
          features,
          expressions: Object.fromEntries(extra.map((e) => [e, e])),
          signal,
        }),
    },
    { embed: ['dayOfWeek'] },
  )
  const result = await trainer.train(
    {
      ...{ mode: 'full', features: FEATURES, trainingFile: training, validationFile: validation, parameters: {} },
      ...{ seed: 1, outputFolder: folder, checkpointFolder: folder },
    },
    quiet,
  )
  assert.ok(result.rowsTrained > 90_000)
  assert.ok((result.parity ?? 1) <= 1e-5)
  const predictor = await openOnnxPredictor(join(folder, 'model.onnx'), { output: 'score', features: FEATURES })
  t.after(() => predictor.close())
  const scores: number[] = []
  const labels: number[] = []
  for await (const batch of readBatches(context, {
    files: [later],
    features: FEATURES,
    expressions: { label: 'label' },
  })) {
    scores.push(...(await predictor.predict(batch)))
    labels.push(...(batch.columns.label?.kind === 'numeric' ? batch.columns.label.values : []))
  }
  const area = auc(labels, scores)
  assert.ok(area > 0.6, `area under the curve is ${area}`)
})

/** Parquet of three periods of January 2001: training and validation in the first two weeks, scoring in the third. */
async function flightFiles(folder: string): Promise<readonly [string, string, string]> {
  const flights = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')))
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const write = async (name: string, condition: string): Promise<string> => {
    const file = join(folder, `${name}.parquet`)
    await connection.run(`
      COPY (
        SELECT distance, hour(date) * 60 + minute(date) AS "minuteOfDay", dayofweek(date) AS "dayOfWeek",
          origin || ' ' || hour(date) AS "originHour", destination || ' ' || hour(date) AS "destinationHour",
          (delay > 15)::INTEGER AS label, 1.0 AS weight
        FROM '${flights}' WHERE ${condition} ORDER BY date, origin, destination, delay
      ) TO '${file}'`)
    return file
  }
  try {
    const [start, middle, end] = [3, 17, 24].map((day) => `DATE '2001-01-${String(day).padStart(2, '0')}'`)
    const sample = 'hash(date, origin, destination, delay)'
    const early = `date >= ${start} AND date < ${middle} AND ${sample} % 2 = 0`
    return [
      await write('training', `${early} AND ${sample} % 40 <> 0`),
      await write('validation', `${early} AND ${sample} % 40 = 0`),
      await write('later', `date >= ${middle} AND date < ${end} AND ${sample} % 2 = 0`),
    ]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
