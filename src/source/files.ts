/** Files that match a glob. A file that changed is another arrival; one that changes while it is read is refused for now. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { messageOf, RefitError } from '../errors.js'
import type { BatchSource, Source } from './source.js'
import { writeBatch } from './write-batch.js'

/** Files that are looked at at the same time. */
const PARALLEL_LOOKS = 256

/** Where files arrive. */
export interface FilesOptions {
  /** Glob, relative to `folder` or absolute. */
  readonly glob: string
  /** Folder of the spec. */
  readonly folder: string
}

/**
 * Files, in the order of their paths. Names that begin with a dot are left alone, so a writer can hide a file until it is
 * complete.
 */
export function createFilesSource({ glob: pattern, folder }: FilesOptions): Source {
  return {
    async find(known, { limit }) {
      const files = await findFiles(pattern, folder)
      const waiting: BatchSource[] = []
      // In parts, as most files of a long ingestion need no look any more when enough were found.
      for (let first = 0; first < files.length && waiting.length <= limit; first += PARALLEL_LOOKS) {
        const some = files.slice(first, first + PARALLEL_LOOKS)
        const found = await Promise.all(some.map(async ({ file, path }) => ({ path, ...(await describeFile(file)) })))
        waiting.push(...found.filter((batch) => !known.has(batch)))
      }
      return { batches: waiting.slice(0, limit), isLast: waiting.length <= limit }
    },

    async fetch(batch, to, { signal } = {}) {
      const from = resolve(folder, batch.path)
      const before = await describeFile(from)
      const { bytes, sha256 } = await writeBatch(createReadStream(from, { highWaterMark: 1 << 20 }), to, signal)
      const after = await describeFile(from)
      if (before.modifiedAt !== after.modifiedAt || bytes !== before.bytes) {
        throw new RefitError(
          'UnreadableSource',
          `Cannot read batch "${from}": it changed while it was read. Write a file under another name and rename it when it is complete.`,
          { permanent: false },
        )
      }
      return { batch: { ...batch, ...before }, sha256 }
    },
  }
}

/** The files, absolute and as they are called, in the order of the latter. */
async function findFiles(pattern: string, folder: string) {
  await requireFolder(resolve(folder, fixedPart(pattern)))
  const files = await glob(pattern, { cwd: resolve(folder), absolute: true, expandDirectories: false })
  const named = files.map((file) => ({ file, path: publicPath(file, folder) }))
  return named.sort((one, other) => (one.path < other.path ? -1 : 1))
}

/** Relative to the folder where possible, so that a dataset does not depend on where the folder is mounted. */
function publicPath(file: string, folder: string): string {
  const path = relative(resolve(folder), file)
  return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/')
}

/** The folders of a pattern before its first wildcard. */
function fixedPart(pattern: string): string {
  const segments = pattern.split('/')
  const wild = segments.findIndex((segment) => isDynamicPattern(segment))
  const fixed = segments.slice(0, wild === -1 ? -1 : wild)
  return pattern.startsWith('/') ? `/${join(...fixed, '.')}` : join('.', ...fixed)
}

async function requireFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isFolder) return
  throw new RefitError(
    'NotFound',
    `Cannot look for batches in "${path}": there is no such folder. Create it, or correct data.source.glob of the spec.`,
    { permanent: false },
  )
}

/** Size and modification time of a file. Rejects with `UnreadableSource` when it is not there or must not be read. */
async function describeFile(path: string): Promise<{ readonly bytes: number; readonly modifiedAt: string }> {
  try {
    const { size, mtime } = await stat(path)
    return { bytes: size, modifiedAt: mtime.toISOString() }
  } catch (thrown) {
    throw new RefitError(
      'UnreadableSource',
      `Cannot read batch "${path}": ${messageOf(thrown)}. Check that the file is still there and that the worker may read it.`,
      { permanent: false, cause: thrown },
    )
  }
}
