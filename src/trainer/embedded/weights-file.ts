/** The file of the package that a partial training begins with: encoding and weights, exactly as training left them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../errors.js'
import type { FeatureColumn } from '../../predictor/package.js'
import { packArrays, unpackArrays } from './array-file.js'
import { Encoding } from './encoding.js'
import { hopeless } from './failure.js'
import type { Layer, Weights } from './weights.js'

/** Name of the file in the package. */
export const WEIGHTS_FILE = 'weights.bin'

const Shape = z.strictObject({
  embeddingSize: z.number().int().positive(),
  layers: z.array(z.strictObject({ name: z.string(), inputs: z.number().int(), outputs: z.number().int() })),
})
const Header = z.strictObject({ encoding: Encoding, shape: Shape })

/** A model as it is gone on with. */
export interface TrainedModel {
  readonly encoding: Encoding
  readonly weights: Weights
}

/** The arrays of weights under names of their own. */
export function weightArrays({ embedding, layers }: Weights): Readonly<Record<string, Float32Array>> {
  const ofLayers = layers.flatMap(({ name, weight, bias }) => [
    [`${name}.weight`, weight],
    [`${name}.bias`, bias],
  ])
  return { embedding, ...Object.fromEntries(ofLayers) }
}

/** The bytes of the file. */
export function packModel({ encoding, weights }: TrainedModel): Uint8Array {
  const layers = weights.layers.map(({ name, inputs, outputs }) => ({ name, inputs, outputs }))
  const shape = { embeddingSize: weights.embeddingSize, layers }
  return packArrays({ header: { encoding, shape }, arrays: weightArrays(weights) })
}

/** Reads the file of the champion. Its features must be those that are trained now. */
export async function readBaseModel(
  folder: string | undefined,
  features: readonly FeatureColumn[],
  mode: string,
): Promise<TrainedModel> {
  const wayOut = 'Start a full training instead.'
  if (folder === undefined) throw hopeless(`Cannot train by ${mode}: there is no model to begin with. ${wayOut}`)
  const model = await readFile(join(folder, WEIGHTS_FILE))
    .then(unpackModel)
    .catch((thrown: unknown) => {
      const text = `Cannot train by ${mode} from the champion's "${WEIGHTS_FILE}": ${messageOf(thrown)}.`
      throw hopeless(`${text} Only a champion that the embedded trainer made can be gone on with. ${wayOut}`, thrown)
    })
  const expected = features.map(({ name, kind }) => `${name} (${kind})`).sort()
  const found = namesOf(model.encoding).sort()
  if (expected.join() === found.join()) return model
  throw hopeless(
    `Cannot train by ${mode}: the spec has features ${expected.join(', ')}, the champion ${found.join(', ')}. ${wayOut}`,
  )
}

function unpackModel(bytes: Uint8Array): TrainedModel {
  const { header, arrays } = unpackArrays(bytes)
  const { encoding, shape } = Header.parse(header)
  return { encoding, weights: weightsFrom(shape, arrays) }
}

/** Weights of a shape from their arrays. Throws a plain error when one is missing. */
export function weightsFrom(
  shape: { readonly embeddingSize: number; readonly layers: readonly Pick<Layer, 'name' | 'inputs' | 'outputs'>[] },
  arrays: Readonly<Record<string, Float32Array>>,
): Weights {
  const array = (name: string, length?: number): Float32Array => {
    const values = arrays[name]
    if (values !== undefined && (length === undefined || values.length === length)) return values
    throw new Error(`"${name}" is not among its arrays as it should be`)
  }
  const layers = shape.layers.map(({ name, inputs, outputs }) => ({
    name,
    inputs,
    outputs,
    weight: array(`${name}.weight`, inputs * outputs),
    bias: array(`${name}.bias`, outputs),
  }))
  return { embeddingSize: shape.embeddingSize, embedding: array('embedding'), layers }
}

function namesOf({ embedded, scaled }: Encoding): string[] {
  const categorical = embedded.filter(({ kind }) => kind === 'categorical')
  return [...categorical.map(({ name }) => `${name} (categorical)`), ...scaled.map(({ name }) => `${name} (numeric)`)]
}
