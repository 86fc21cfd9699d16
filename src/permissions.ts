/** What a spec may reach: it is data from a team, the operator decides. */
import { basename, isAbsolute, relative, resolve } from 'node:path'
import type { Config } from './config.js'
import { RefitError } from './errors.js'
import type { DataSource } from './spec/data-source.js'
import type { SpecRevision } from './spec/spec.js'

/** Rejects with `NotAllowed` when a spec names a program, an address or a folder that the operator did not allow. */
export function checkPermissions({ spec, folder }: SpecRevision, allow: Config['allow']): void {
  if (spec.trainer.kind === 'command') checkCommand(spec.trainer.command, allow.commands)
  if (spec.baseline.kind === 'http') checkUrl(spec.baseline.url, allow.urls)
  const feeds = Object.values(spec.data.labels ?? {})
  for (const { source } of [spec.data, ...feeds]) checkSource(source, folder, allow)
}

function checkSource(source: DataSource, folder: string, allow: Config['allow']): void {
  if (source.kind === 'files') checkFolder(resolve(folder, source.glob), [folder, ...allow.folders])
  // As it will be asked: `..` leads out of what is allowed.
  if (source.kind === 'http') checkUrl(new URL(source.url).href, allow.urls)
  if (source.kind === 's3') {
    checkUrl(`s3://${source.bucket}/${source.prefix}`, allow.urls)
    // Requests carry the worker's credentials there, as signatures and perhaps a session token.
    if (source.endpoint !== undefined) checkUrl(new URL(source.endpoint).href, allow.urls)
  }
}

/** Rejects a program that is not on the list, by its name or its path. */
export function checkCommand([program = '']: readonly string[], allowed: readonly string[]): void {
  if (allowed.includes('*') || allowed.includes(program)) return
  throw new RefitError(
    'NotAllowed',
    `Cannot run "${program}" for a spec: the operator allows ${listed(allowed)}. Add it to REFIT_ALLOW_COMMANDS, or use "${basename(program)}" if that is allowed.`,
  )
}

/**
 * Rejects an address that begins with nothing on the list. What is on the list ends where a part of the address ends, so that
 * `https://api.example.com` does not allow `https://api.example.com.evil.net`.
 */
export function checkUrl(url: string, allowed: readonly string[]): void {
  if (allowed.includes('*') || allowed.some((beginning) => begins(url, beginning))) return
  throw new RefitError(
    'NotAllowed',
    `Cannot ask "${url}" for a spec: the operator allows ${listed(allowed)}. Add its beginning to REFIT_ALLOW_URLS.`,
  )
}

function begins(url: string, beginning: string): boolean {
  return url.startsWith(beginning) && (beginning.endsWith('/') || /^([/?#]|$)/.test(url.slice(beginning.length)))
}

function checkFolder(path: string, allowed: readonly string[]): void {
  const isInside = (folder: string) => {
    const way = relative(folder, path)
    return !way.startsWith('..') && !isAbsolute(way)
  }
  if (allowed.includes('*') || allowed.some(isInside)) return
  throw new RefitError(
    'NotAllowed',
    `Cannot read "${path}" for a spec: the operator allows ${listed(allowed)}. Add its folder to REFIT_ALLOW_FOLDERS.`,
  )
}

const listed = (allowed: readonly string[]) => (allowed.length === 0 ? 'none' : allowed.map((a) => `"${a}"`).join(', '))
