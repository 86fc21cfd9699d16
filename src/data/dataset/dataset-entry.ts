/**
 * What a dataset's log holds: commits, which say what became of rows that came in, and what is done later to the objects that
 * hold these. A rewrite puts one partition, or none, in the place of others; its receipt accounts for all their rows. A
 * removal names objects before they are removed; nobody may use their names again.
 */
import { z } from 'zod'
import type { Log, LogEntry } from '../../storage/log.js'
import { ObjectRef } from '../../storage/objects.js'
import { Commit, Receipt } from './commit.js'

const count = z.number().int().nonnegative()
const seq = z.number().int().positive()

/** What is left of the rows of a commit in a partition from which rows were erased. */
const ErasedRows = z
  .strictObject({
    commit: seq.describe('number of the commit'),
    erased: z.number().int().positive().describe('rows of it that were erased'),
    rows: count.describe('rows of it that are left'),
    from: z.string().nullable().describe('event time of the first row that is left, ISO 8601'),
    to: z.string().nullable().describe('event time of the last one'),
    profile: ObjectRef.optional().describe('JSON profile of the rows that are left'),
  })
  .readonly()

/** One partition, or none, takes the place of others. */
export const Rewrite = z
  .strictObject({
    rewrite: z
      .strictObject({
        verb: z
          .enum(['compact', 'retire', 'erase'])
          .describe('whether the rows stay as they are, are dropped for their age, or some were erased on request'),
        of: z.array(seq).min(1).readonly().describe('numbers of the entries whose partitions it replaces'),
        why: z.string().min(1).describe('why, for the record'),
        rule: z.string().optional().describe('by which rule rows were dropped'),
        request: z.string().optional().describe('digest of what was to be erased'),
      })
      .readonly(),
    receipt: Receipt.describe('`rowsIn` are the rows of the replaced partitions'),
    partition: ObjectRef.optional().describe('Parquet of the kept rows with their positions'),
    shrunk: z.array(ErasedRows).readonly().default([]).describe('commits that lost rows'),
    from: z.string().nullable().describe('event time of the first kept row, ISO 8601'),
    to: z.string().nullable().describe('event time of the last kept row, ISO 8601'),
  })
  .readonly()
/** One partition, or none, takes the place of others. */
export type Rewrite = z.infer<typeof Rewrite>

/** Objects are removed. The entry comes first: whoever is about to name one of them sees it, and takes another name. */
export const Removal = z
  .strictObject({
    removed: z
      .strictObject({
        verb: z.enum(['collect', 'erase']).describe('whether nothing needed them, or a person must be forgotten'),
        why: z.string().min(1).describe('why, for the record'),
        objects: z.array(z.string().min(1)).min(1).readonly().describe('keys of the objects'),
        bytes: count.describe('their size'),
        commits: z
          .array(seq)
          .readonly()
          .optional()
          .describe('commits of which somebody was erased: models that learned from these learned from the person'),
      })
      .readonly(),
  })
  .readonly()
/** Objects are removed. */
export type Removal = z.infer<typeof Removal>

/** The body of an entry of a dataset's log. */
export const DatasetEntry = z.union([Commit, Rewrite, Removal])
/** The body of an entry of a dataset's log. */
export type DatasetEntry = z.infer<typeof DatasetEntry>

/** The log of a dataset. */
export type DatasetLog = Log<DatasetEntry>

/** An entry with its position. */
export type PositionedEntry = Pick<LogEntry<DatasetEntry>, 'seq' | 'at' | 'actor' | 'body'>

/** Whether an entry puts a partition in the place of others. */
export const isRewrite = (entry: DatasetEntry): entry is Rewrite => 'rewrite' in entry

/** Whether an entry names objects that are removed. */
export const isRemoval = (entry: DatasetEntry): entry is Removal => 'removed' in entry

/** Whether an entry says what became of rows. */
export const isCommit = (entry: DatasetEntry): entry is Commit => !isRewrite(entry) && !isRemoval(entry)
