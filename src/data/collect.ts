import { stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { RefitError } from '../errors.js'
import type { ModelSpec } from '../spec/spec.js'
import type { BatchSource } from './commit.js'
import type { DataContext } from './context.js'
import { committedBatches, datasetLog, sourceKey } from './dataset-log.js'
import { describeFile } from './stage-file.js'

/** A spec, and the folder that its relative paths start from. */
export interface SpecInFolder {
  readonly spec: ModelSpec
  readonly folder: string
}

/**
 * The batches that arrived and were not committed: files that match the glob of the spec, in the order of their paths.
 * A file that was committed and has changed since has arrived anew. Names that begin with a dot are left alone, so a
 * writer can hide a file until it is complete. Rejects with `NotFound` when the folder of the glob is not there.
 */
export async function collectBatches(
  context: DataContext,
  { spec, folder }: SpecInFolder,
): Promise<readonly BatchSource[]> {
  const { batches } = await committedBatches(datasetLog(context.storage, spec.model))
  const found = await findSources({ spec, folder })
  return found.filter((source) => batches.sources[sourceKey(source)] === undefined)
}

/** All files that match the glob of the spec, committed or not, in the order of their paths. */
export async function findSources({ spec, folder }: SpecInFolder): Promise<readonly BatchSource[]> {
  const pattern = spec.data.source.glob
  await requireFolder(resolve(folder, fixedPart(pattern)), spec)
  const files = await glob(pattern, { cwd: resolve(folder), absolute: true, expandDirectories: false })
  const sources = await Promise.all(
    files.map(async (file) => ({ path: publicPath(file, folder), ...(await describeFile(file)) })),
  )
  return sources.sort((one, other) => (one.path < other.path ? -1 : 1))
}

/** Where a source is on this host. */
export const sourceFile = (folder: string, source: Pick<BatchSource, 'path'>): string => resolve(folder, source.path)

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

async function requireFolder(path: string, spec: ModelSpec): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isFolder) return
  throw new RefitError(
    'NotFound',
    `Cannot look for batches of "${spec.model}" in "${path}": there is no such folder. Create it, or correct data.source.glob of the spec.`,
    { permanent: false },
  )
}
