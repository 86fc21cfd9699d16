/**
 * The port to the store: everything durable that Refit owns is kept behind these few operations.
 *
 * A key is a `/`-separated path of `[A-Za-z0-9._=-]` segments, relative to the store's root. The last one has a `.`, the
 * others have none, so that no key is a `/`-prefix of another one; every operation rejects with `InvalidInput` for what
 * is no key (`key.ts`). What every adapter guarantees, and `test/storage/conformance.ts` checks:
 *
 * 1. `create` is atomic: of any number of concurrent creators of one key, in any number of processes, one gets `true`.
 * 2. An object is visible whole or not at all, also after the creator was killed.
 * 3. After `create` returned, `read` and `list` see the object, from every process.
 * 4. A store that cannot answer rejects with `StoreUnavailable`: it never says "absent" for "I do not know".
 *
 * What no adapter can guarantee: a write that rejected, or whose answer was lost on the way, may have landed, or may
 * still land. `create` can then say `false` to the very caller that won. Whoever needs to know reads the object back.
 */
export interface Storage {
  /** Where the store is, as an operator would write it: `file:///var/refit` or `s3://bucket/prefix`. */
  readonly location: string
  /** Writes an object unless the key exists. `true` when this call created it. */
  create(key: string, body: Uint8Array): Promise<boolean>
  /**
   * As `create`, with the bytes of a local file, however large. With `sha256` given, nothing is written and the call
   * rejects with `UnreadableSource` when the file holds other bytes: somebody was still writing it.
   */
  createFromFile(key: string, path: string, sha256?: string): Promise<boolean>
  /** The whole object, or `undefined` when there is none. */
  read(key: string): Promise<Uint8Array | undefined>
  /** Keys that begin with `prefix`, in byte order, those greater than `after` only. */
  list(prefix: string, after?: string): AsyncIterable<string>
  /** What is known of an object without its bytes, or `undefined` when there is none. */
  stat(key: string): Promise<ObjectStat | undefined>
  /** Overwrites. Only for hints that may lag or be lost; nothing depends on them being right. */
  replace(key: string, body: Uint8Array): Promise<void>
  /**
   * Removes an object, and this host's copies of it; removing what is absent is no error. What a log entry names may be
   * removed only after a later entry says so.
   */
  remove(key: string): Promise<void>
  /** A path on this host that holds the object's bytes, to be read only. Rejects with `NotFound` when there is none. */
  toLocalFile(key: string): Promise<string>
}

/** What is known of an object without its bytes. */
export interface ObjectStat {
  readonly bytes: number
  /** When it was written, by the clock of the store. */
  readonly modifiedAt: Date
}
