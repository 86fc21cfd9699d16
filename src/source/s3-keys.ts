/** Which keys of a bucket are batches. */
import picomatch from 'picomatch'

/** A choice of keys. */
export interface KeyChoice {
  /** What the keys begin with, as S3 compares it; empty for all. */
  readonly prefix: string
  /** Glob over what follows the prefix. */
  readonly glob: string
}

/** A choice as it is asked for: a prefix, which the server compares, and a test of what it lists. */
export interface KeyFilter {
  /** Begins every key that is chosen; at least the prefix, longer where the glob begins with names. */
  readonly prefix: string
  has(key: string): boolean
}

/**
 * Left out are folder markers, and names and folders that begin with a dot, so that a writer can hide what is incomplete.
 * A slash between prefix and glob may stand at either: `landing` and `landing/` choose the same with `*.csv`.
 */
export function keyFilter({ prefix, glob }: KeyChoice): KeyFilter {
  const matches = globTest(glob)
  return {
    prefix: prefix + (endsAtName(prefix) ? fixedFolders(glob) : ''),
    has(key) {
      if (!key.startsWith(prefix) || key.endsWith('/')) return false
      const rest = key.slice(prefix.length)
      return !isHidden(rest, prefix) && matches(endsAtName(prefix) ? rest : rest.replace(/^\//, ''))
    },
  }
}

/** Whether what follows a prefix is a whole name, not the end of one. */
const endsAtName = (prefix: string): boolean => prefix === '' || prefix.endsWith('/')

const isHidden = (rest: string, prefix: string): boolean =>
  rest.includes('/.') || (endsAtName(prefix) && rest.startsWith('.'))

function globTest(glob: string): (text: string) => boolean {
  // Everything is everything, also names that no file could have.
  if (glob === '**') return () => true
  return picomatch(glob, { dot: true, windows: false })
}

/** The folders of a glob before its first wildcard; nothing where they are not plain text. */
function fixedFolders(glob: string): string {
  const { base, glob: wild, negated, prefix } = picomatch.scan(glob)
  const isPlain = wild !== '' && base !== '' && !negated && prefix === '' && !base.includes('\\')
  return isPlain ? base.replace(/\/*$/, '/') : ''
}
