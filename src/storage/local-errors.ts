/** Turns what the file system throws into what the port promises: `StoreUnavailable`, with a sentence and a way out. */
import { messageOf, RefitError } from '../errors.js'

/** The error of the port for anything thrown while a local store did something with a key. */
export function localFailure(action: string, key: string, root: string, thrown: unknown): RefitError {
  if (thrown instanceof RefitError) return thrown
  const what = `Cannot ${action} "${key}" in store ${root}`
  const code = errorCode(thrown)
  if (code === 'ENOTDIR' || code === 'EISDIR') {
    return new RefitError('InvalidInput', `${what}: another object's key is a part of this one. Use another key.`, {
      cause: thrown,
    })
  }
  if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
    const reason = `the file system refuses it (${code}); Refit needs hard links and fsync`
    return new RefitError('StoreUnavailable', `${what}: ${reason}. Choose a folder on a POSIX file system, or S3.`, {
      cause: thrown,
      permanent: true,
    })
  }
  const reason = diskReason(thrown) ?? `${messageOf(thrown)}. Check the disk and its mount.`
  return new RefitError('StoreUnavailable', `${what}: ${reason}`, { cause: thrown })
}

/** The code of a file system error, such as `ENOENT`; `undefined` for anything else. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}

/** Whether the file system said that there is no such file: no entry, or a file where a folder would have to be. */
export function isAbsent(thrown: unknown): boolean {
  const code = errorCode(thrown)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Reason and way out for what a disk or its mount does to a program; `undefined` for anything else. */
export function diskReason(thrown: unknown): string | undefined {
  switch (errorCode(thrown)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Free space or enlarge the volume, then try again; nothing half written was left.'
    case 'EACCES':
      return "access denied. Give this process's user the right to read and write the folder."
    case 'EROFS':
      return 'the file system is read-only. Mount it for writing; a disk that had errors may have been switched so.'
    case 'EIO':
      return 'the disk reported an error (EIO). Check the disk and its mount.'
    case 'ENOENT':
      return 'a folder is gone. Mount the volume or put the folder back.'
    default:
      return undefined
  }
}
