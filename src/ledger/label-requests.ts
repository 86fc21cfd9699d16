/** What people were asked about: the requests for labels of a model, in order. */
import { z } from 'zod'
import { type Log, type LogEntry, sharedLog } from '../storage/log.js'
import { ObjectRef } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'

const count = z.number().int().nonnegative()

/** One request, as it was made. */
export const LabelRequested = z
  .strictObject({
    rows: ObjectRef.describe('Parquet of the rows that are asked about, as they were chosen'),
    random: count.describe('rows drawn at random'),
    uncertain: count.describe('rows on which the champion was least certain'),
    population: count.describe('rows that could have been asked about'),
    champion: count.nullable().describe('version whose scores they have; null where it was not asked'),
    asOf: z.string().describe('event time that counted as now, ISO 8601'),
    snapshot: count.describe('position of the log of rows'),
    answers: z.record(z.string(), count).readonly().describe('positions of the logs of the feeds'),
    openUntil: z
      .string()
      .describe('until then answers are waited for, and none of the rows is asked about again; ISO 8601'),
  })
  .readonly()
/** One request, as it was made. */
export type LabelRequested = z.infer<typeof LabelRequested>

/** A request with its number, and when and by whom it was made. */
export type NumberedRequest = LogEntry<LabelRequested>

/** The log of requests of a model. */
export const labelRequestLog = (storage: Storage, model: string): Log<LabelRequested> =>
  sharedLog(storage, `models/${model}/labelRequests`, LabelRequested)

/** All requests of a model, oldest first. */
export async function listLabelRequests(storage: Storage, model: string): Promise<readonly NumberedRequest[]> {
  const requests: NumberedRequest[] = []
  for await (const entry of labelRequestLog(storage, model).entries()) requests.push(entry)
  return requests
}
