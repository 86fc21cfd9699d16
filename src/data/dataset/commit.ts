/**
 * Commits: one for each batch with the receipt that accounts for its rows, and one each time a person takes rows out of
 * quarantine. The rows of such an entry are no longer in the quarantine of the commit that they come from.
 */
import { z } from 'zod'
import { BatchSource } from '../../source/source.js'
import { ObjectRef } from '../../storage/objects.js'
import type { Partition } from './partition.js'

const count = z.number().int().nonnegative()

/** The account of a batch: `rowsIn` is the sum of `kept`, `quarantined`, `duplicates`, `dropped` and `erased`, always. */
export const Receipt = z
  .strictObject({
    rowsIn: count.describe('rows that the source handed over, or that were taken out of quarantine'),
    kept: count.describe('rows in the partition'),
    quarantined: count.describe('rows in quarantine, each with its reason'),
    duplicates: count.describe('rows of a batch whose content was committed before, or whose key was'),
    dropped: count.default(0).describe('rows that a person gave up with a reason, or that grew too old'),
    erased: count.default(0).describe('rows that were erased on request'),
    reasons: z.record(z.string(), count).readonly().describe('quarantined rows by broken rule'),
    unreadable: z.string().optional().describe('why the batch could not be read at all; its bytes are in quarantine'),
    stopped: z
      .strictObject({
        broken: count.describe('rows that broke a rule'),
        limit: z.number().describe('share of broken rows that was allowed'),
      })
      .readonly()
      .optional()
      .describe('set where the data gate stopped the batch: all its rows are in quarantine, also the sound ones'),
  })
  .readonly()
/** The account of a batch. */
export type Receipt = z.infer<typeof Receipt>

/** The receipt of nothing, to be filled in. */
export const NO_ROWS: Receipt = {
  rowsIn: 0,
  kept: 0,
  quarantined: 0,
  duplicates: 0,
  dropped: 0,
  erased: 0,
  reasons: {},
}

/** By what rows were compared with those that are there already. */
export const KeyRule = z
  .strictObject({
    columns: z.array(z.string()).min(1).readonly().describe('columns that together identify a row'),
    windowDays: z.number().positive().describe('days between two event times up to which rows of one key are the same'),
  })
  .readonly()
/** By what rows were compared with those that are there already. */
export type KeyRule = z.infer<typeof KeyRule>

/** Rows that a person took out of the quarantine of an earlier commit, and why. */
export const Taken = z
  .strictObject({
    of: z.number().int().positive().describe('number of the commit in whose quarantine the rows were'),
    verb: z
      .enum(['release', 'drop', 'erase'])
      .describe('whether they were judged again, given up, or moved so that those of a person could be erased'),
    rule: z.string().nullable().describe('which reasons were taken, see `takenRows`; null for all that were left'),
    why: z.string().min(1).describe('why, for the record'),
  })
  .readonly()
/** Rows that a person took out of the quarantine of an earlier commit, and why. */
export type Taken = z.infer<typeof Taken>

/** One commit: what a batch became, or what became later of rows that were in quarantine. */
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
    key: KeyRule.optional().describe('by what the rows were compared with those that are there already'),
    taken: Taken.optional().describe('set where the rows come from the quarantine, not from a source'),
    from: z.string().nullable().describe('event time of the first kept row, ISO 8601'),
    to: z.string().nullable().describe('event time of the last kept row, ISO 8601'),
    specRevision: z.number().int().positive().describe('revision of the spec that validated the batch'),
  })
  .readonly()
/** One commit. */
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
  /**
   * What came in, as it was committed, but for `profile`: that is of the rows that are still there, absent without any.
   * `partition` is what was written then: rows are read from `partitions`.
   */
  readonly commits: readonly PositionedCommit[]
  /** Where the rows are, in the order of the log; each row once. */
  readonly partitions: readonly Partition[]
  /** Rows that were there at this position and cannot be read any more, since their objects were removed. */
  readonly gone: { readonly erased: number; readonly dropped: number }
}
