import type { ModelSpec } from '../../spec/spec.js'
import { sqlName } from '../engine/sql.js'
import { rawName } from './column-rules.js'

/** What a partition has of a row of `checkedRows`. */
export const keptColumns = ({ data }: ModelSpec): readonly string[] => [
  ...[...Object.keys(data.columns), ...Object.keys(data.derived)].map(sqlName),
  '_label',
  '_time',
]

/** What the quarantine has of a row as text, as it came: a row that broke because of its type has no other form. */
export const arrivedColumns = ({ data }: ModelSpec): readonly string[] =>
  Object.keys(data.columns).map((name) => `CAST(${rawName(name)} AS VARCHAR) AS ${sqlName(name)}`)

/** What the quarantine has of a row of `checkedRows`. */
export const quarantineColumns = (spec: ModelSpec): readonly string[] => [
  '_row',
  '_line',
  '_reason',
  '_text',
  ...arrivedColumns(spec),
]
