import { ModelSpec } from '../spec/spec.js'

/** Whether a text can be the name of a model: what comes in an address or a label is checked before it becomes a key. */
export const isModelName = (text: string): boolean => ModelSpec.shape.model.safeParse(text).success
