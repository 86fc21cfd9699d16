/** A small dataset for what is done to partitions later: orders of customers, a file a day. */

import { openSnapshot } from '../../../src/data/dataset/snapshot.js'
import { rowsOfPartitions } from '../../../src/data/dataset/snapshot-rows.js'
import { withDuckDb } from '../../../src/data/engine/context.js'
import type { ModelSpec } from '../../../src/spec/spec.js'
import { objectFile } from '../../../src/storage/objects.js'
import { flightsSpec, type Workshop } from '../workshop.js'

/** Orders with a key; what is broken goes to quarantine, and stops nobody. */
export function ordersSpec(data: Record<string, unknown> = {}): ModelSpec {
  return flightsSpec(
    {
      columns: {
        order_id: { type: 'integer' },
        customer: { type: 'integer' },
        at: { type: 'timestamp' },
        amount: { type: 'number', min: 0 },
        country: { type: 'string' },
      },
      derived: {},
      key: ['order_id'],
      eventTime: 'at',
      clock: 'lastEvent',
      features: ['amount', 'country'],
      label: { sql: 'amount > 50' },
      ...data,
    },
    { baseline: { kind: 'rule', score: '0.5' } },
  )
}

/** One order. */
export interface Order {
  readonly id: number
  readonly customer: number
  readonly amount?: number
}

/** Day n of the year 2001, from 0. */
export const dayOf = (n: number): string => new Date(Date.UTC(2001, 0, 1 + n)).toISOString().slice(0, 10)

/** Ingests the orders of a day as a CSV file. */
export async function ingestDay(workshop: Workshop, day: number, orders: readonly Order[], spec = ordersSpec()) {
  const lines = orders.map(
    ({ id, customer, amount = id }) => `${id},${customer},${dayOf(day)},${amount},C${customer % 3}`,
  )
  const body = ['order_id,customer,at,amount,country', ...lines].join('\n')
  return workshop.ingest(spec, await workshop.put(`in/day-${day}-${orders[0]?.id ?? 'none'}.csv`, body))
}

/** Order ids that are read at a position of the log, in their order, with their positions. */
export async function ordersAt(workshop: Workshop, position?: number): Promise<readonly string[]> {
  const { context } = workshop
  const { partitions } = await openSnapshot(context, 'flights', position)
  if (partitions.length === 0) return []
  const files = await Promise.all(partitions.map(({ object }) => objectFile(context.storage, object)))
  return withDuckDb({ ...context, threads: 1 }, { readable: files }, async ({ connection }) => {
    const rows = await connection.runAndReadAll(
      `SELECT order_id || '@' || _file || '.' || _position AS place FROM ${rowsOfPartitions(partitions, files)}`,
    )
    return rows.getRowObjectsJS().map(({ place }) => String(place))
  })
}

/** Orders with ids from `first` on, of four customers. */
export const someOrders = (first: number, count: number): readonly Order[] =>
  Array.from({ length: count }, (_, i) => ({ id: first + i, customer: i % 4 }))

/** Days of twenty orders each; the second one has a broken row and a known one besides. */
export async function ingestDays(workshop: Workshop, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    const odd = [{ id: 900, customer: 1, amount: -1 }, ...someOrders(0, 1)]
    await ingestDay(workshop, day, [...someOrders(day * 20, 20), ...(day === 1 ? odd : [])])
  }
}
