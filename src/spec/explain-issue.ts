import type { z } from 'zod'
import { unreachable } from '../errors.js'
import { alternativesOf, type SchemaNode, type SpecPath, schemaAt, valueAt } from './json-schema.js'
import { nearest } from './nearest.js'
import { type Finding, formatPath } from './problem.js'
import { additionOf, expectation, foundValue, quoted, wayOutOf } from './wording.js'

type Issue = z.core.$ZodIssue

/** What zod found wrong, in the words of the schema. One issue can be several findings. */
export function explainIssue(issue: Issue, data: unknown, parent: SpecPath = []): readonly Finding[] {
  const path = [...parent, ...issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment))]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, data))
    case 'invalid_key':
      return [badName(path, issue.issues[0]?.message ?? 'another name')]
    case 'invalid_union':
      return brokenBranch(issue.errors)?.flatMap((inner) => explainIssue(inner, data, path)) ?? [wrong(path, data)]
    case 'invalid_format':
      return [wrong(path, data, issue.format === 'regex' ? issue.message : undefined)]
    case 'custom':
      return [wrong(path, data, issue.message)]
    case 'invalid_type':
    case 'invalid_value':
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
    case 'invalid_element':
      return [wrong(path, data)]
    default:
      return unreachable(issue)
  }
}

/** The one alternative of a union that was meant: the value had its shape, and something inside is wrong. */
function brokenBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches.filter((issues) => issues.every((issue) => issue.path.length > 0 || isAboutKeys(issue)))
  return meant.length === 1 ? meant[0] : undefined
}

const isAboutKeys = (issue: Issue): boolean => issue.code === 'unrecognized_keys'

function unknownKey(parent: SpecPath, key: string, data: unknown): Finding {
  const known = knownKeys(schemaAt(parent, data), valueAt(data, parent))
  const meant = nearest(key, known)
  return {
    path: [...parent, key],
    at: 'key',
    level: 'error',
    expected: parent.length === 0 ? 'a key of the spec' : `a key of ${formatPath(parent)}`,
    found: quoted(key),
    wayOut: meant === undefined ? `Known keys: ${known.join(', ')}.` : `Did you mean ${JSON.stringify(meant)}?`,
    meant,
  }
}

function knownKeys(node: SchemaNode | undefined, value: unknown): readonly string[] {
  if (node === undefined) return []
  const kind = valueAt(value, ['kind'])
  const branches = alternativesOf(node).map((branch) => branch.properties ?? {})
  const fitting = branches.filter(({ kind: branchKind }) => typeof branchKind === 'object' && branchKind.const === kind)
  return [...new Set((fitting.length > 0 ? fitting : branches).flatMap((properties) => Object.keys(properties)))]
}

function badName(path: SpecPath, expected: string): Finding {
  const found = quoted(String(path.at(-1)))
  return { path, at: 'key', level: 'error', expected, found, wayOut: 'Rename it, such as delay_minutes.' }
}

function wrong(path: SpecPath, data: unknown, expected?: string): Finding {
  const node = schemaAt(path, data) ?? {}
  const value = valueAt(data, path)
  const key = path.at(-1)
  const isMissing = value === undefined && key !== undefined
  return {
    path,
    at: isMissing ? 'key' : 'value',
    level: 'error',
    expected: expected ?? expectation(node),
    found: foundValue(value),
    wayOut: isMissing ? additionOf(String(key), node) : wayOutOf(node, value),
  }
}
