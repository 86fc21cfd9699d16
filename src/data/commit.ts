/** The entries of a dataset's log: one for each batch, with the receipt that accounts for its rows. */
import { z } from 'zod'
import { BatchSource } from '../source/source.js'
import { ObjectRef } from '../storage/objects.js'

const count = z.number().int().nonnegative()

/** The account of a batch: `rowsIn` is the sum of `kept`, `quarantined` and `duplicates`, always. */
export const Receipt = z
  .strictObject({
    rowsIn: count.describe('rows that the source handed over'),
    kept: count.describe('rows in the partition'),
    quarantined: count.describe('rows in quarantine, each with its reason'),
    duplicates: count.describe('rows of a batch whose content was committed before'),
    reasons: z.record(z.string(), count).readonly().describe('quarantined rows by broken rule'),
    unreadable: z.string().optional().describe('why the batch could not be read at all; its bytes are in quarantine'),
  })
  .readonly()
/** The account of a batch. */
export type Receipt = z.infer<typeof Receipt>

/** One commit: what a batch became. */
export const Commit = z
  .strictObject({
    batch: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('SHA-256 of the bytes of the batch: its identity'),
    source: BatchSource,
    receipt: Receipt,
    partition: ObjectRef.optional().describe(
      'Parquet of the kept rows: arriving and derived columns, label, event time',
    ),
    quarantine: ObjectRef.optional().describe('Parquet of the broken rows, or the unreadable bytes as they came'),
    profile: ObjectRef.optional().describe('JSON profile of the partition'),
    from: z.string().nullable().describe('event time of the first kept row, ISO 8601'),
    to: z.string().nullable().describe('event time of the last kept row, ISO 8601'),
    specRevision: z.number().int().positive().describe('revision of the spec that validated the batch'),
  })
  .readonly()
/** One commit: what a batch became. */
export type Commit = z.infer<typeof Commit>

/** A commit with its position in the dataset's log. */
export interface PositionedCommit extends Commit {
  readonly seq: number
  /** The actor of the log entry: `run 7`, or who called `refit ingest`. */
  readonly ingestedBy: string
}

/** A dataset as it was at one position of its log. */
export interface Snapshot {
  readonly dataset: string
  /** Position in the log: commits up to and with this number belong to it. 0 for an empty dataset. */
  readonly seq: number
  readonly commits: readonly PositionedCommit[]
}
