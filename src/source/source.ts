/**
 * Where rows come from. A source names what arrived and copies it; what was committed is known from the dataset's log
 * alone, so a source keeps no state of its own and a killed worker loses none.
 *
 * 1. `find` names each arrival the same way every time, and never one that is known.
 * 2. `fetch` gives the bytes of one arrival, whole, and tells exactly what was read; half of it is an error.
 * 3. An ordered source (one that is read from where it stood: pages, keys of a table) names one batch at a time, with its
 *    place. Its next batch begins where the last committed one ended, so nothing is skipped and nothing comes twice.
 */
import { z } from 'zod'

/** The formats that a batch can have. */
export const BATCH_FORMATS = ['csv', 'json', 'parquet'] as const
/** A format that a batch can have; `json` are JSON lines. */
export type FormatKind = (typeof BATCH_FORMATS)[number]

/** Where a batch of an ordered source begins and ends. */
export const Place = z
  .strictObject({
    origin: z.string().min(1).describe('what is read in order, by a name that does not change: one cursor each'),
    after: z.string().describe('cursor that the batch begins after; empty at the beginning'),
    upTo: z.string().nullable().describe('cursor of the last row of the batch; null until it was read'),
  })
  .readonly()
/** Where a batch of an ordered source begins and ends. */
export type Place = z.infer<typeof Place>

/** One unit of arrival as it was found: a file, an object, a page, a range of keys. */
export const BatchSource = z
  .strictObject({
    path: z.string().min(1).describe('where the batch was found, relative to the folder of the spec where possible'),
    bytes: z.number().int().nonnegative().describe('size when it was found; 0 where only reading tells'),
    modifiedAt: z.string().describe('modification time when it was found, ISO 8601'),
    version: z.string().optional().describe('what the source calls this content, such as an ETag'),
    format: z.enum(BATCH_FORMATS).optional().describe('how it is read, where its name does not tell'),
    place: Place.optional().describe('where it begins and ends, when the source is read in order'),
  })
  .readonly()
/** One unit of arrival as it was found. */
export type BatchSource = z.infer<typeof BatchSource>

/** An arrival as one text: the same file changed is another arrival, a range of an ordered source is not. */
export function arrivalKey({ path, bytes, modifiedAt, version, place }: BatchSource): string {
  if (place !== undefined) return JSON.stringify([place.origin, place.after])
  return JSON.stringify(version === undefined ? [path, bytes, modifiedAt] : [path, bytes, version])
}

/** What the dataset knows of its sources. */
export interface Known {
  /** Whether an arrival needs no look: it was committed, or could not be ingested in this run. */
  has(batch: BatchSource): boolean
  /** Where an ordered source stands: the end of its last committed batch, empty before the first. */
  cursor(origin: string): string
}

/** Arrivals that are not known, in order. */
export interface Found {
  readonly batches: readonly BatchSource[]
  /** False when others wait, or may wait behind an ordered batch. */
  readonly isLast: boolean
}

/** How much has arrived and is not known yet. */
export interface Arrivals {
  readonly arrivals: number
  /** When the first of them came, ISO 8601; null when there is none. */
  readonly since: string | null
}

/** A batch as it was read: `path`, `format` and `place.after` as asked, the rest of exactly these bytes. */
export interface Fetched {
  readonly batch: BatchSource
  readonly sha256: string
}

/** Bytes of an arrival, as an object of the store. */
export interface ForgottenBytes {
  readonly key: string
  readonly bytes: number
}

/** What a call may be stopped by. */
export interface Stoppable {
  readonly signal?: AbortSignal | undefined
}

/**
 * A source. Rejects with `SourceUnavailable` while it does not answer, with `NotFound` when the place it names is not
 * there, with `UnreadableSource` (not permanent) when an arrival is gone or changes while it is read, with `Cancelled`
 * when stopped.
 */
export interface Source {
  /** Names at most `limit` arrivals that are not known. */
  find(known: Known, options: Stoppable & { readonly limit: number }): Promise<Found>
  /** Copies the bytes of an arrival to a file that does not exist yet; `undefined` when there is nothing after all. */
  fetch(batch: BatchSource, to: string, options?: Stoppable): Promise<Fetched | undefined>
  /** How much waits, where that can be told at once; absent where one has to look for it. */
  waiting?(known: Known): Promise<Arrivals>
  /**
   * Removes the bytes of what is known, where they lie in the store, and gives what it removed; only finds it when it is dry. Absent
   * for what belongs to others.
   */
  forget?(known: Known, options?: { readonly isDry?: boolean }): Promise<readonly ForgottenBytes[]>
}
