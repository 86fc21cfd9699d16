import { z } from 'zod'
import { ObjectRef } from '../storage/objects.js'

/** How a predictor of a version is opened; the files are part of the package. */
export const PredictorSpec = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('rule').describe('a SQL expression over the columns that gives a score in [0, 1]'),
      score: z.string().min(1).describe('the expression'),
    })
    .readonly(),
  z
    .strictObject({
      kind: z.literal('onnx').describe('an ONNX graph, scored in process'),
      file: z.string().min(1).describe('name of the graph among the files of the package'),
      output: z.string().min(1).describe('name of the output that holds the score, shape [rows] or [rows, 1]'),
    })
    .readonly(),
  z
    .strictObject({
      kind: z.literal('command').describe('a program that reads batches as JSON lines and writes scores'),
      command: z.array(z.string().min(1)).min(1).describe('program and arguments; `{package}` is the package folder'),
    })
    .readonly(),
  z
    .strictObject({
      kind: z.literal('http').describe("a scoring endpoint that takes MLflow's dataframe_split JSON"),
      url: z.url().describe('address of the endpoint'),
      tokenEnv: z.string().optional().describe('environment variable with a bearer token'),
    })
    .readonly(),
])
/** How a predictor of a version is opened. */
export type PredictorSpec = z.infer<typeof PredictorSpec>

/** One feature as the predictor expects it. */
export const FeatureColumn = z
  .strictObject({
    name: z.string().min(1).describe('column name'),
    kind: z.enum(['numeric', 'categorical']).describe('numeric columns are numbers, categorical ones strings'),
  })
  .readonly()
/** One feature as the predictor expects it. */
export type FeatureColumn = z.infer<typeof FeatureColumn>

/** A model as it is examined, registered and served: files, how to open them, and what they expect. */
export const ModelPackage = z
  .strictObject({
    predictor: PredictorSpec,
    features: z.array(FeatureColumn).min(1).readonly().describe('inputs, in order'),
    threshold: z.number().min(0).max(1).describe('scores at or above it are decided as positive'),
    files: z.record(z.string(), ObjectRef).readonly().describe('file name to stored object'),
  })
  .readonly()
/** A model as it is examined, registered and served. */
export type ModelPackage = z.infer<typeof ModelPackage>
