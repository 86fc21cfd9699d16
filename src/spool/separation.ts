/** Whether the spool outlives what takes the store away, as far as that can be known from here. */
import { realpath, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isAbsent } from '../storage/local-errors.js'

/** What is known of a place where things are kept. */
export type PlaceFacts =
  | { readonly kind: 's3'; readonly location: string; readonly bucket: string }
  | {
      readonly kind: 'folder'
      readonly location: string
      /** Number of its file system on this host. */
      readonly device: number
      /** Why it goes away with its host, if it does. */
      readonly passing: string | undefined
    }

/** Whether the spool may be used, in a sentence that says what is known and what is not. */
export interface Separation {
  readonly isFine: boolean
  readonly text: string
}

/** Judges by the facts alone. */
export function judgeSeparation(store: PlaceFacts, spool: PlaceFacts): Separation {
  const refuse = (reason: string): Separation => {
    const wayOut = 'Set REFIT_SPOOL to a lasting volume that is apart from the store, or to another bucket.'
    return { isFine: false, text: `Cannot use ${spool.location} as spool: ${reason}. ${wayOut}` }
  }
  const accept = (text: string): Separation => ({ isFine: true, text: `${spool.location}, ${text}` })

  if (isWithin(spool.location, store.location) || isWithin(store.location, spool.location)) {
    return refuse('it is the same place as the store, so it fails when the store fails')
  }
  if (spool.kind === 's3') {
    if (store.kind === 'folder') return accept('not on this host')
    const isSameBucket = store.bucket === spool.bucket
    if (isSameBucket) return refuse('it is in the bucket of the store, so it fails when the store fails')
    return accept('another bucket, but reached as the store is: when that service is down, both are')
  }
  if (spool.passing !== undefined) return refuse(`${spool.passing}, so it dies with its host`)
  if (store.kind === 'folder' && store.device === spool.device) {
    return refuse('it is on the file system of the store, so it dies with it')
  }
  const unknown = 'whether that is another disk cannot be seen from here'
  if (store.kind === 'folder') return accept(`on another file system than the store; ${unknown}`)
  return accept('a folder of this host, or a volume that it mounts: while the host is away, so is what waits there')
}

/**
 * What can be known of an address of a store: `file:FOLDER` or `s3://BUCKET/PREFIX`. Rejects with the file system's error
 * when it cannot be looked at.
 */
export async function factsOf(location: string): Promise<PlaceFacts> {
  if (!location.startsWith('file:')) {
    return { kind: 's3', location, bucket: /^s3:\/\/([^/]+)/.exec(location)?.[1] ?? location }
  }
  const folder = await realFolder(
    location.startsWith('file://') ? fileURLToPath(location) : resolve(location.slice('file:'.length)),
  )
  const { dev: device } = await stat(folder.existing)
  return { kind: 'folder', location: pathToFileURL(folder.path).href, device, passing: await passingReason(folder) }
}

interface RealFolder {
  /** Without links. */
  readonly path: string
  /** The part of it that is there: what is made below lies on the same file system. */
  readonly existing: string
}

async function realFolder(path: string, below = ''): Promise<RealFolder> {
  try {
    const existing = await realpath(path)
    return { existing, path: join(existing, below) }
  } catch (thrown) {
    if (!isAbsent(thrown) || dirname(path) === path) throw thrown
    return realFolder(dirname(path), join(path.slice(dirname(path).length), below))
  }
}

/** Folders that a host empties when it starts, or sooner. */
const TEMPORARY_FOLDERS = [tmpdir(), '/tmp', '/var/tmp', '/run', '/dev/shm']

/** Numbers of Linux's statfs(2): what is in memory, and the writable layer of a container. */
const PASSING_TYPES: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'it is in memory (tmpfs)'],
  [0x858458f6, 'it is in memory (ramfs)'],
  [0x794c7630, 'it is in the writable layer of a container (overlay)'],
])

async function passingReason({ path, existing }: RealFolder): Promise<string | undefined> {
  const temporary = TEMPORARY_FOLDERS.find((one) => isWithin(path, one))
  return temporary === undefined ? PASSING_TYPES.get((await statfs(existing)).type) : `it is below ${temporary}`
}

function isWithin(place: string, other: string): boolean {
  return `${place.replace(/\/+$/, '')}/`.startsWith(`${other.replace(/\/+$/, '')}/`)
}
