import type { FeatureColumn } from '../../predictor/package.js'
import type { ModelSpec } from '../../spec/spec.js'

/** The features of a spec as a model takes them, in the spec's order: strings are categorical, all else is a number. */
export function featureColumns({ data }: ModelSpec): readonly FeatureColumn[] {
  return data.features.map((name) => {
    const type = (data.columns[name] ?? data.derived[name])?.type
    return { name, kind: type === 'string' ? 'categorical' : 'numeric' }
  })
}
