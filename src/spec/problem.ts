import type { SpecPath } from './json-schema.js'

/** One thing that is wrong with a spec, for a person: where, what was expected, what was found, the way out. */
export interface SpecProblem {
  /** Line in the file, from 1. */
  readonly line: number
  /** Column in the line, from 1. */
  readonly column: number
  /** Path of the field, as `gates.margin` or `data.features[2]`; empty for the file as a whole. */
  readonly path: string
  readonly expected: string
  readonly found: string
  /** What to do, as one or more full sentences. */
  readonly wayOut: string
}

/** A problem that is not yet placed in a file. */
export interface Finding {
  readonly path: SpecPath
  /** Whether the key is at fault or its value. */
  readonly at: 'key' | 'value'
  /** An error forbids to use the spec; a warning does not. */
  readonly level: 'error' | 'warning'
  readonly expected: string
  readonly found: string
  readonly wayOut: string
  /** For an unknown key: the key that was probably meant. */
  readonly meant?: string | undefined
}

/** A finding that forbids to use the spec. */
export const error = (
  path: SpecPath,
  at: Finding['at'],
  words: Pick<Finding, 'expected' | 'found' | 'wayOut'>,
): Finding => ({ path, at, level: 'error', ...words })

/** One line a problem, as compilers print them, so that editors can jump to it. */
export function formatProblems(problems: readonly SpecProblem[], file: string): string {
  return problems.map((problem) => formatProblem(problem, file)).join('\n')
}

/** A path as people write it: `data.features[2]`. */
export function formatPath(path: SpecPath): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`
    return text === '' ? segment : `${text}.${segment}`
  }, '')
}

/** The path that {@link formatPath} wrote. */
export function parsePath(text: string): SpecPath {
  const segments = text.matchAll(/\[(\d+)\]|[^.[\]]+/g)
  return [...segments].map((match) => (match[1] === undefined ? match[0] : Number(match[1])))
}

function formatProblem(problem: SpecProblem, file: string): string {
  const { line, column, path, expected, found, wayOut } = problem
  const place = `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}`
  return `${place}: expected ${expected}, found ${found}. ${wayOut}`
}
