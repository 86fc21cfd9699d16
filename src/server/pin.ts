/** Which Temporal server Refit obtains, and where the program is kept between runs. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Version of the Temporal command line that is downloaded or built; its `server start-dev` is the server. */
export const TEMPORAL_VERSION = '1.8.2'

/** Oldest server that Refit was run on: it has update-with-start, which admission needs. */
export const OLDEST_SERVER = '1.29.1'

/** Refit's cache folder of this user: `REFIT_CACHE`, else `refit` under `XDG_CACHE_HOME` or `~/.cache`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return env.REFIT_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'refit')
}

/** Folder of the pinned program within a cache folder. */
export function programFolder(cache: string): string {
  return join(cache, 'temporal', TEMPORAL_VERSION)
}

/** Name of the program's file on this platform. */
export const PROGRAM_NAME = process.platform === 'win32' ? 'temporal.exe' : 'temporal'
