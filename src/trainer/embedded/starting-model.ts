import type { TrainingJob } from '../trainer.js'
import { extendEncoding, fitEncoding } from './encoding.js'
import type { EmbeddedParameters } from './parameters.js'
import type { Table } from './table.js'
import { extendWeights, initialWeights } from './weights.js'
import { readBaseModel, type TrainedModel } from './weights-file.js'

/** What training begins with: a new model for a full training, the champion for a partial one. */
export async function startingModel(
  { mode, features, seed, baseFolder }: TrainingJob,
  training: Table,
  parameters: EmbeddedParameters,
): Promise<TrainedModel> {
  if (mode === 'full') {
    const encoding = fitEncoding(training, features, parameters)
    const positiveShare = training.label.reduce((sum, value) => sum + value, 0) / training.rows
    return { encoding, weights: initialWeights(encoding, parameters, { seed, positiveShare }) }
  }
  const base = await readBaseModel(baseFolder, features, mode)
  if (mode !== 'warmStart') return base
  const encoding = extendEncoding(base.encoding, training, parameters)
  return { encoding, weights: extendWeights(base.weights, base.encoding, encoding) }
}
