/**
 * The parts of a spec that are checked against each other, read leniently: what is missing or of the wrong type is
 * `undefined` here, as it already is a problem of its own. So all problems of a spec can be told at once.
 */
import { z } from 'zod'

const text = z.string().optional().catch(undefined)
const number = z.number().optional().catch(undefined)
const list = z.array(z.unknown()).optional().catch(undefined)
const flag = z.boolean().optional().catch(undefined)
const limit = z.union([z.number(), z.string()]).optional().catch(undefined)
const column = z
  .object({ type: text, nullable: flag, min: limit, max: limit, minLength: number, maxLength: number, sql: text })
  .catch({})
const columns = z.record(z.string(), column).optional().catch(undefined)
/** Absent means none; unreadable means unknown. */
const derived = z.union([z.record(z.string(), column).default({}), z.undefined()]).catch(undefined)

/** Absent means that labels come otherwise; unreadable is a text that says nothing. */
const label = z
  .object({ sql: z.string().optional().catch('') })
  .prefault({})
  .catch({ sql: '' })
const feed = z.object({ kind: text, columns, key: list, eventKey: list, time: text, sql: text }).catch({})

const Outline = z.object({
  goal: z.object({ metric: text, today: number, target: number, explanations: text }).catch({}),
  data: z
    .object({
      columns,
      derived,
      key: list,
      eventTime: text,
      features: list,
      label,
      labels: z.record(z.string(), feed).optional().catch({}),
      labelRequest: z.object({}).optional().catch({}),
    })
    .catch({ derived: undefined, label: {} }),
  prediction: z.object({ threshold: z.unknown() }).catch({ threshold: undefined }),
  businessMetric: z
    .object({ truePositive: number, falsePositive: number, falseNegative: number, trueNegative: number })
    .optional()
    .catch({}),
  policy: z
    .object({
      psiModerate: number,
      psiMajor: number,
      driftedShare: number,
      driftedShareFull: number,
      partial: list,
      window: z
        .object({ history: z.object({ days: number }).catch({}) })
        .optional()
        .catch(undefined),
    })
    .catch({}),
  trainer: z.object({ kind: text, can: list }).optional().catch({}),
  gates: z.object({ holdoutDays: number }).catch({}),
})

/** A column as far as it can be read. */
export type OutlineColumn = z.infer<typeof column>
/** A feed of labels as far as it can be read. */
export type OutlineFeed = z.infer<typeof feed>
/** The parts of a spec that are checked against each other. */
export type SpecOutline = z.infer<typeof Outline>

/** Reads what can be read of a spec. Never throws. */
export function outlineOf(data: unknown): SpecOutline {
  return Outline.parse(data)
}

/** All columns, arriving and derived; derived ones win, as a collision is a problem of its own. */
export function allColumns({ data }: SpecOutline): ReadonlyMap<string, OutlineColumn> {
  return new Map([...Object.entries(data.columns ?? {}), ...Object.entries(data.derived ?? {})])
}
