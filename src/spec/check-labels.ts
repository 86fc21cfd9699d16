/** What must hold between the fields of `data.label`, `data.labels` and the columns. */
import { nameWayOut, TIME_TYPES } from './check-data.js'
import type { SpecPath } from './json-schema.js'
import { allColumns, type OutlineColumn, type OutlineFeed, type SpecOutline } from './outline.js'
import { error, type Finding } from './problem.js'

/** Labels come with the rows, by feeds, or both ways. */
export function checkLabelThere({ data }: SpecOutline): readonly Finding[] {
  if (data.columns === undefined || data.label.sql !== undefined || feedsIn(data).length > 0) return []
  const expected = 'an expression, or a feed of labels in data.labels'
  const wayOut = 'Add sql, such as sql: delay > 15, or the feed that labels come by.'
  return [error(['data', 'label'], 'key', { expected, found: 'neither', wayOut })]
}

/** A feed is a folder of the store, and on some disks upper and lower case are the same. */
export function checkFeedNames({ data }: SpecOutline): readonly Finding[] {
  const names = feedsIn(data).map(([name]) => name)
  return names.flatMap((name, index): readonly Finding[] => {
    const other = names.slice(0, index).find((earlier) => earlier.toLowerCase() === name.toLowerCase())
    if (other === undefined) return []
    const expected = 'a name that no other feed has, in upper or lower case'
    const found = `${JSON.stringify(name)} besides ${JSON.stringify(other)}`
    return [error(['data', 'labels', name], 'key', { expected, found, wayOut: 'Rename it.' })]
  })
}

/** A key pairs columns of the feed with columns of the event, of the same types. */
export function checkFeedKeys(outline: SpecOutline): readonly Finding[] {
  const events = allColumns(outline)
  if (outline.data.columns === undefined || outline.data.derived === undefined) return []
  return feedsIn(outline.data).flatMap(([name, feed]): readonly Finding[] => {
    const { key, eventKey, columns } = feed
    if (key === undefined || columns === undefined) return []
    const path = ['data', 'labels', name]
    if (eventKey !== undefined && eventKey.length !== key.length) {
      const expected = `as many columns as key has (${key.length})`
      const wayOut = 'Name one column of the event for each column of key.'
      return [error([...path, 'eventKey'], 'value', { expected, found: String(eventKey.length), wayOut })]
    }
    return key.flatMap((own, index) => checkPair({ path, feed, events }, own, index))
  })
}

interface FeedPlace {
  readonly path: SpecPath
  readonly feed: OutlineFeed
  readonly events: ReadonlyMap<string, OutlineColumn>
}

function checkPair({ path, feed, events }: FeedPlace, own: unknown, index: number): readonly Finding[] {
  const { columns = {}, eventKey } = feed
  const other = eventKey === undefined ? own : eventKey[index]
  if (typeof own !== 'string' || typeof other !== 'string') return []
  const at = [...path, 'key', index]
  const otherAt = eventKey === undefined ? at : [...path, 'eventKey', index]
  const [mine, theirs] = [columns[own], events.get(other)]
  if (mine === undefined) {
    const expected = 'a column of the feed'
    return [error(at, 'value', { expected, found: JSON.stringify(own), wayOut: nameWayOut(own, Object.keys(columns)) })]
  }
  if (mine.nullable === true) {
    const expected = 'a column that is always there, as an answer without it belongs to no event'
    const found = `${JSON.stringify(own)}, which is nullable`
    return [error(at, 'value', { expected, found, wayOut: 'Remove nullable.' })]
  }
  if (theirs === undefined) {
    const expected = 'a column of the event'
    const hint = eventKey === undefined ? ' Name it in eventKey where it has another name.' : ''
    const wayOut = `${nameWayOut(other, events.keys())}${hint}`
    return [error(otherAt, 'value', { expected, found: JSON.stringify(other), wayOut })]
  }
  if (mine.type === undefined || theirs.type === undefined || mine.type === theirs.type) return []
  const expected = `a column of type ${theirs.type}, as ${JSON.stringify(other)} of the event is`
  const found = `${JSON.stringify(own)} of type ${mine.type}`
  return [error(at, 'value', { expected, found, wayOut: 'Declare both with the same type.' })]
}

/** When an answer became known is a time that always is there. */
export function checkFeedTimes({ data }: SpecOutline): readonly Finding[] {
  return feedsIn(data).flatMap(([name, { time, columns }]): readonly Finding[] => {
    if (time === undefined || columns === undefined) return []
    const path = ['data', 'labels', name, 'time']
    const expected = 'a column of the feed of type timestamp or date'
    const column = columns[time]
    const found = JSON.stringify(time)
    if (column === undefined)
      return [error(path, 'value', { expected, found, wayOut: nameWayOut(time, Object.keys(columns)) })]
    if (column.type === undefined || TIME_TYPES.includes(column.type)) return []
    const wayOut = 'Declare the column as timestamp or date.'
    return [error(path, 'value', { expected, found: `${found} of type ${column.type}`, wayOut })]
  })
}

/** Answers that are asked for must be able to come, and to count. */
export function checkLabelRequest({ data }: SpecOutline): readonly Finding[] {
  const feeds = feedsIn(data)
  if (data.labelRequest === undefined || feeds.some(([, { kind }]) => kind === undefined || kind === 'verified')) {
    return []
  }
  const found = feeds.length === 0 ? 'no feed' : 'weak ones only'
  const wayOut = 'Add the feed by which the people who are asked answer, of kind verified.'
  return [error(['data', 'labelRequest'], 'key', { expected: 'a verified feed in data.labels', found, wayOut })]
}

const feedsIn = ({ labels }: SpecOutline['data']): readonly (readonly [name: string, feed: OutlineFeed])[] =>
  Object.entries(labels ?? {})
