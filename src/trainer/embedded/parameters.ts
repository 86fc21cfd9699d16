import { z } from 'zod'
import { RefitError } from '../../errors.js'

/** Sizes are multiples of four: jax-js multiplies such matrices about ten times faster than others. */
const size = z.number().int().min(4).multipleOf(4)

/** The hyper-parameters of the embedded trainer, as `trainer.parameters` of a spec gives them. */
export const EmbeddedParameters = z
  .strictObject({
    hidden: z
      .array(size.max(512))
      .max(4)
      .readonly()
      .default([32])
      .describe('units of the hidden layers, multiples of 4'),
    embeddingSize: size.max(64).default(4).describe('numbers that stand for one value of an embedded feature'),
    embed: z
      .array(z.string().min(1))
      .readonly()
      .default([])
      .describe('numeric features that are embedded besides being scaled, such as hour; truncated to whole numbers'),
    minCount: z.number().int().min(1).default(5).describe('training rows below which a value counts as unknown'),
    maxValues: z
      .number()
      .int()
      .min(1)
      .default(100_000)
      .describe('most values of a feature; the rarest count as unknown'),
    batchSize: size.min(32).max(65_536).default(4096).describe('rows of a step; small data use smaller steps'),
    epochs: z.number().int().min(1).max(1000).default(4).describe('most passes over the training rows'),
    maxRowsSeen: z
      .number()
      .int()
      .min(1)
      .default(5_000_000)
      .describe('rows after which training ends within its epochs: what bounds its time'),
    learningRate: z.number().positive().max(1).default(0.006).describe('step of Adam in a full training'),
    partialLearningRate: z.number().positive().max(1).default(0.004).describe('step of Adam in a partial training'),
    schedule: z.enum(['cosine', 'constant']).default('cosine').describe('how the learning rate goes on'),
    patience: z.number().int().min(1).default(2).describe('epochs without a lower validation loss until it ends'),
    trainable: z
      .array(z.string().regex(/^(embeddings|hidden[1-4]|head)$/, 'embeddings, hidden1 to hidden4, or head'))
      .min(1)
      .readonly()
      .default(['head'])
      .describe('what `lastLayers` trains; all else stays as it is in the champion'),
    checkpointSeconds: z.number().min(0).default(5).describe('time between two checkpoints'),
  })
  .readonly()
/** The hyper-parameters of the embedded trainer, complete with defaults. */
export type EmbeddedParameters = z.infer<typeof EmbeddedParameters>

/** Checks hyper-parameters. Throws `InvalidSpec` with all problems at once. */
export function parseParameters(parameters: unknown): EmbeddedParameters {
  const parsed = EmbeddedParameters.safeParse(parameters)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(
    ({ path, message }) => `trainer.parameters${path.map(step).join('')}: ${message}`,
  )
  throw new RefitError('InvalidSpec', `Cannot use the parameters of the embedded trainer. ${problems.join('; ')}.`, {
    cause: parsed.error,
  })
}

function step(key: PropertyKey): string {
  return typeof key === 'number' ? `[${key}]` : `.${String(key)}`
}
