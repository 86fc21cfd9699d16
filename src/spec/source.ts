import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { messageOf } from '../errors.js'
import type { SpecPath } from './json-schema.js'
import type { Finding, SpecProblem } from './problem.js'
import { formatPath } from './problem.js'

/** A place in a text, both numbers from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The text of a spec, read as YAML, that still knows where everything stands. */
export interface SpecSource {
  /** The plain data; what could be read, when the YAML has errors. */
  readonly data: unknown
  /** What is wrong with the YAML itself. */
  readonly problems: readonly SpecProblem[]
  /** Whether the YAML is too broken to judge its content. */
  readonly isBroken: boolean
  /** Where a key or its value stands; the nearest parent's key for what is absent. */
  position(path: SpecPath, at: 'key' | 'value'): Position
}

/** Reads YAML 1.2, with anchors and `<<` merges. Never throws: what is wrong is in `problems`. */
export function readSource(text: string): SpecSource {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    ...at(error.pos[0]),
    ...explainYamlError(error.code, error.message, document, error.pos[0]),
  }))
  problems.push(...danglingAliases(document).map((alias) => ({ ...at(alias.range?.[0] ?? 0), ...explainAlias(alias) })))
  const isBroken = problems.length > document.errors.filter((error) => error.code === 'DUPLICATE_KEY').length
  const plain = isBroken ? { data: undefined } : toPlain(document)
  if (plain.refused !== undefined) problems.push({ line: 1, column: 1, path: '', ...plain.refused })
  return {
    data: plain.data,
    problems,
    isBroken: isBroken || plain.refused !== undefined,
    position: (path, where) => at(offsetOf(document, path, where)),
  }
}

/** Gives findings their place in the text. */
export function placeFindings(source: SpecSource, findings: readonly Finding[]): SpecProblem[] {
  return findings.map(({ path, at, expected, found, wayOut }) => {
    return { ...source.position(path, at), path: formatPath(path), expected, found, wayOut }
  })
}

type Explanation = Pick<SpecProblem, 'path' | 'expected' | 'found' | 'wayOut'>

function explainYamlError(code: string, message: string, document: Document, offset: number): Explanation {
  if (code === 'DUPLICATE_KEY') {
    const path = pathOfKey(document, offset)
    const key = JSON.stringify(String(path.at(-1) ?? ''))
    return { path: formatPath(path), expected: 'each key once', found: `${key} again`, wayOut: 'Keep one of them.' }
  }
  if (code === 'MULTIPLE_DOCS') {
    return {
      path: '',
      expected: 'one spec a file',
      found: 'another document (---)',
      wayOut: 'Move it to another file.',
    }
  }
  const isTab = code === 'TAB_AS_INDENT'
  const wayOut = isTab
    ? 'Indent with spaces.'
    : 'Check indentation, quotes and brackets here; SQL is safest on lines below "|".'
  return { path: '', expected: 'valid YAML', found: `an error (${message.replace(/\.$/, '')})`, wayOut }
}

function danglingAliases(document: Document): readonly Alias[] {
  const dangling: Alias[] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) dangling.push(alias)
    },
  })
  return dangling
}

function explainAlias(alias: Alias): Explanation {
  const wayOut = `Define the anchor &${alias.source} above it.`
  return { path: '', expected: 'an alias of an anchor above', found: `*${alias.source}`, wayOut }
}

function toPlain(document: Document): { data: unknown; refused?: Omit<Explanation, 'path'> } {
  try {
    return { data: document.toJS({ maxAliasCount: 100 }) }
  } catch (error) {
    const found = `an error (${messageOf(error)})`
    return { data: undefined, refused: { expected: 'YAML of plain values', found, wayOut: 'Write the values out.' } }
  }
}

/** Path of the pair whose key begins at `offset`. */
function pathOfKey(document: Document, offset: number): SpecPath {
  let found: SpecPath = []
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined
      const keys = ancestors.flatMap((ancestor) => ('key' in ancestor && isScalar(ancestor.key) ? [ancestor.key] : []))
      found = [...keys, pair.key].map((key) => String(key.value))
      return visit.BREAK
    },
  })
  return found
}

function offsetOf(document: Document, path: SpecPath, where: 'key' | 'value'): number {
  let node = resolved(document, document.contents)
  let offset = node?.range?.[0] ?? 0
  for (const segment of path) {
    if (isMap(node)) {
      // The last of duplicates, as it is the one whose value counts.
      const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(segment))
      if (pair === undefined || !isScalar(pair.key)) return offset
      offset = pair.key.range?.[0] ?? offset
      node = resolved(document, pair.value)
    } else if (isSeq(node)) {
      node = resolved(document, node.items[Number(segment)])
      offset = node?.range?.[0] ?? offset
    } else return offset
  }
  return where === 'value' && isScalar(node) ? (node.range?.[0] ?? offset) : offset
}

function resolved(document: Document, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(document)
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined
}
