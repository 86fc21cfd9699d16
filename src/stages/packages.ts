/** Model packages on this host: their files in a folder, opened to score. */
import { link, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { featureColumns } from '../data/rules/features.js'
import type { ModelPackage } from '../predictor/package.js'
import type { Predictor } from '../predictor/predictor.js'
import type { ModelSpec } from '../spec/spec.js'
import { objectFile } from '../storage/objects.js'
import type { Storage } from '../storage/storage.js'
import type { Ports } from './ports.js'

/** Puts the files of a package into a folder under their own names, verified, without copying where links work. */
export async function unpack(storage: Storage, pack: ModelPackage, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, ref] of Object.entries(pack.files)) {
    const path = await objectFile(storage, ref)
    const target = join(folder, name)
    await link(path, target).catch(() => symlink(path, target))
  }
}

/** The spec's baseline as a package: champion zero. */
export function baselinePackage(spec: ModelSpec, threshold: number): ModelPackage {
  const { baseline } = spec
  const predictor =
    baseline.kind === 'rule'
      ? { kind: 'rule' as const, score: baseline.score }
      : {
          kind: 'http' as const,
          url: baseline.url,
          ...(baseline.tokenEnv === undefined ? {} : { tokenEnv: baseline.tokenEnv }),
        }
  return { predictor, features: [...featureColumns(spec)], threshold, files: {} }
}

/** A model that can score rows: by an opened predictor, or by a rule that the data room evaluates in SQL. */
export type Scorer =
  | { readonly kind: 'predictor'; readonly pack: ModelPackage; readonly predictor: Predictor }
  | { readonly kind: 'rule'; readonly pack: ModelPackage; readonly score: string }

/** Opens a package to score; the caller closes it with `closeScorer`. */
export async function openScorer(
  { storage, openPredictor }: Pick<Ports, 'storage' | 'openPredictor'>,
  pack: ModelPackage,
  folder: string,
): Promise<Scorer> {
  if (pack.predictor.kind === 'rule') return { kind: 'rule', pack, score: pack.predictor.score }
  await unpack(storage, pack, folder)
  return { kind: 'predictor', pack, predictor: await openPredictor(pack, folder) }
}

/** Frees what a scorer holds. */
export async function closeScorer(scorer: Scorer): Promise<void> {
  if (scorer.kind === 'predictor') await scorer.predictor.close()
}
