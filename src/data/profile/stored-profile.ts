/** Profiles as they come back from the store. */
import { z } from 'zod'
import type { Profile } from '../../statistics/profile.js'

const count = z.number().int().nonnegative()
const real = z.number().nullable()

const NumericColumn = z.strictObject({
  kind: z.literal('numeric'),
  edges: z.array(z.number()),
  counts: z.array(count),
  sums: z.array(z.number()),
  nulls: count,
  notFinite: count,
  min: real,
  max: real,
})

const CategoricalColumn = z.strictObject({
  kind: z.literal('categorical'),
  counts: z.record(z.string(), count),
  other: count,
  nulls: count,
})

/** The schema of `Profile` of the statistics, which knows no schemas. */
export const StoredProfile: z.ZodType<Profile> = z.strictObject({
  version: z.literal(1),
  bins: count,
  rows: count,
  from: z.string().nullable(),
  to: z.string().nullable(),
  columns: z.record(z.string(), z.discriminatedUnion('kind', [NumericColumn, CategoricalColumn])),
  label: z.strictObject({ known: count, positive: count }),
})
