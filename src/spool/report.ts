/** The spool as people and pages are told of it. */
import { type SpoolLimits, spoolWarnings, sumOf, type Waiting } from './room.js'
import type { Spool } from './spool.js'

/** The spool as it was seen. */
export interface SpoolReport {
  readonly location: string
  readonly limits: SpoolLimits
  readonly total: Waiting
  /** What waits for each model; models for which nothing waits are left out. */
  readonly models: Readonly<Record<string, Waiting>>
  readonly warnings: readonly string[]
}

/** Looks into the spool. Rejects with `StoreUnavailable` while it does not answer. */
export async function reportSpool(spool: Spool, now: Date): Promise<SpoolReport> {
  const { storage, limits } = spool
  const models = await spool.survey()
  const total = sumOf([...models.values()])
  return {
    location: storage.location,
    limits,
    total,
    models: Object.fromEntries(models),
    warnings: spoolWarnings(total, limits, now),
  }
}
