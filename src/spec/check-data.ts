/** What must hold between the fields of `data`. */
import { nearest } from './nearest.js'
import { allColumns, type SpecOutline } from './outline.js'
import { error, type Finding } from './problem.js'
import { columnsRead } from './sql-names.js'

/** Columns that Refit adds to the rows it hands to a trainer. */
const RESERVED = ['label', 'weight']
/** The types of columns that hold times. */
export const TIME_TYPES = ['timestamp', 'date']

/** Names are unique without regard to case, as SQL sees them, and not Refit's own. */
export function checkColumnNames({ data }: SpecOutline): readonly Finding[] {
  const taken = new Map<string, string>()
  return (['columns', 'derived'] as const).flatMap((section) =>
    Object.keys(data[section] ?? {}).flatMap((name): readonly Finding[] => {
      const path = ['data', section, name]
      const folded = name.toLowerCase()
      const other = taken.get(folded)
      taken.set(folded, name)
      const found = JSON.stringify(name)
      if (RESERVED.includes(folded)) {
        const expected = 'a name that Refit does not use itself (label, weight)'
        return [error(path, 'key', { expected, found, wayOut: `Rename it, such as ${name}_value.` })]
      }
      if (other === undefined) return []
      const expected = `a name that no other column has, in upper or lower case`
      return [
        error(path, 'key', { expected, found: `${found} besides ${JSON.stringify(other)}`, wayOut: 'Rename it.' }),
      ]
    }),
  )
}

/** The event time is a column that holds times. */
export function checkEventTime(outline: SpecOutline): readonly Finding[] {
  const { columns, derived, eventTime } = outline.data
  if (eventTime === undefined || columns === undefined || derived === undefined) return []
  const all = allColumns(outline)
  const path = ['data', 'eventTime']
  const expected = 'a column of type timestamp or date'
  const column = all.get(eventTime)
  const found = JSON.stringify(eventTime)
  if (column === undefined)
    return [error(path, 'value', { expected, found, wayOut: nameWayOut(eventTime, all.keys()) })]
  if (column.type === undefined || TIME_TYPES.includes(column.type)) return []
  const times = [...all].filter(([, { type }]) => type !== undefined && TIME_TYPES.includes(type)).map(([name]) => name)
  const wayOut = times.length > 0 ? `Name one of: ${times.join(', ')}.` : 'Declare the column as timestamp or date.'
  return [error(path, 'value', { expected, found: `${found} of type ${column.type}`, wayOut })]
}

/** The key is made of columns that arrive and are always there, each named once. */
export function checkKey({ data }: SpecOutline): readonly Finding[] {
  const { key, columns } = data
  if (key === undefined || columns === undefined) return []
  return key.flatMap((name, index): readonly Finding[] => {
    if (typeof name !== 'string') return []
    const path = ['data', 'key', index]
    const found = JSON.stringify(name)
    const column = columns[name]
    if (key.indexOf(name) < index) {
      return [error(path, 'value', { expected: 'each column once', found: `${found} again`, wayOut: 'Remove it.' })]
    }
    if (column === undefined) {
      const wayOut = nameWayOut(name, Object.keys(columns))
      return [error(path, 'value', { expected: 'a column that arrives', found, wayOut })]
    }
    if (column.nullable !== true) return []
    const expected = 'a column that is always there, as a row without it is like no other'
    return [error(path, 'value', { expected, found: `${found}, which is nullable`, wayOut: 'Remove nullable.' })]
  })
}

/** Features are columns that a model can read, each named once. */
export function checkFeatures(outline: SpecOutline): readonly Finding[] {
  const { columns, derived, features } = outline.data
  if (features === undefined || columns === undefined || derived === undefined) return []
  const all = allColumns(outline)
  return features.flatMap((feature, index): readonly Finding[] => {
    if (typeof feature !== 'string') return []
    const path = ['data', 'features', index]
    const found = JSON.stringify(feature)
    const column = all.get(feature)
    if (features.indexOf(feature) < index) {
      return [error(path, 'value', { expected: 'each feature once', found: `${found} again`, wayOut: 'Remove it.' })]
    }
    if (column === undefined) {
      const wayOut = nameWayOut(feature, all.keys())
      return [error(path, 'value', { expected: 'a column of columns or derived', found, wayOut })]
    }
    if (column.type === undefined || !TIME_TYPES.includes(column.type)) return []
    const wayOut = `Derive numbers from it, such as hour(${feature}).`
    const expected = 'a number, a boolean or a string'
    return [error(path, 'value', { expected, found: `${found} of type ${column.type}`, wayOut })]
  })
}

/** A feature that the label is computed from gives the answer away; one derived from such a column may do so. */
export function checkLabelLeak(outline: SpecOutline): readonly Finding[] {
  const { label, features } = outline.data
  if (label.sql === undefined || features === undefined) return []
  const all = allColumns(outline)
  const answers = columnsRead(label.sql, all.keys())
  return features.flatMap((feature, index): readonly Finding[] => {
    if (typeof feature !== 'string') return []
    const path = ['data', 'features', index]
    const expected = 'a feature that is known before the label'
    if (answers.has(feature)) {
      const found = `${JSON.stringify(feature)}, which the label is computed from`
      return [error(path, 'value', { expected, found, wayOut: 'Remove it: the model would only learn to repeat it.' })]
    }
    const [source] = columnsRead(all.get(feature)?.sql ?? '', answers)
    if (source === undefined) return []
    const found = `${JSON.stringify(feature)}, derived from "${source}" as the label is`
    const wayOut = 'Remove it unless its value is known when the model is asked.'
    return [{ ...error(path, 'value', { expected, found, wayOut }), level: 'warning' }]
  })
}

/** What was probably meant by a name, or all that can be. */
export function nameWayOut(name: string, names: Iterable<string>): string {
  const known = [...names]
  const meant = nearest(name, known)
  return meant === undefined ? `Known columns: ${known.join(', ')}.` : `Did you mean ${JSON.stringify(meant)}?`
}
