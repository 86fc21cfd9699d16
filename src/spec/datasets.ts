/** The datasets of a model: its rows, and the answers of each feed of labels. */
import { RefitError } from '../errors.js'
import type { LabelFeed } from './label-feed.js'
import type { ModelSpec } from './spec.js'

/** The name of the dataset of a feed: `flights/labels/inspections`. */
export const feedDataset = (model: string, feed: string): string => `${model}/labels/${feed}`

/** The model whose dataset has a name. */
export const modelOf = (dataset: string): string => dataset.split('/')[0] ?? dataset

/** The feeds of a spec by name, in the order of their names. */
export const feedsOf = ({ data }: ModelSpec): readonly (readonly [name: string, feed: LabelFeed])[] =>
  Object.entries(data.labels ?? {}).sort(([one], [other]) => (one < other ? -1 : 1))

/**
 * What ingestion has to know of a feed, in the form that it knows: the spec of a model whose rows are the answers. Their
 * event time is when they became known, their label is what they say, and there are no features.
 */
export function feedSpec(spec: ModelSpec, name: string): ModelSpec {
  const feed = spec.data.labels?.[name]
  if (feed === undefined) throw noSuchFeed(spec, name)
  const { source, columns, encoding, time, sql, maxQuarantineShare } = feed
  const { keyWindowDays, clock, retentionDays } = spec.data
  return {
    ...spec,
    model: feedDataset(spec.model, name),
    baseline: { kind: 'rule', score: '0' },
    data: {
      ...{ source, columns, encoding, maxQuarantineShare, keyWindowDays, clock, retentionDays },
      ...{ derived: {}, rules: {}, features: [], eventTime: time, label: { sql, delayDays: 0 } },
    },
  }
}

/** The specs of all datasets of a model, the rows first: what is proven of one is proven of each. */
export const datasetSpecs = (spec: ModelSpec): readonly ModelSpec[] => [
  spec,
  ...feedsOf(spec).map(([name]) => feedSpec(spec, name)),
]

/** The spec of a dataset by its name. Rejects with `NotFound` what is none of the model. */
export function datasetSpec(spec: ModelSpec, dataset: string): ModelSpec {
  const found = datasetSpecs(spec).find(({ model }) => model === dataset)
  if (found === undefined) throw noSuchFeed(spec, dataset)
  return found
}

function noSuchFeed(spec: ModelSpec, name: string): RefitError {
  const known = feedsOf(spec).map(([feed]) => feedDataset(spec.model, feed))
  const hint = known.length === 0 ? 'its spec names no feeds, see data.labels' : `its feeds are ${known.join(', ')}`
  return new RefitError('NotFound', `Cannot find feed "${name}" of model "${spec.model}": ${hint}.`)
}
