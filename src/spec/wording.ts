/** How a schema and a value are said in words: the sentences of problems and the tables of docs/spec.md. */
import { stringify } from 'yaml'
import { alternativesOf, isNode, type SchemaNode } from './json-schema.js'
import { nearest } from './nearest.js'

/** Longest text that is quoted whole: SQL expressions would bury the sentence. */
const LONGEST_QUOTE = 48

/** Texts of a known form. */
const FORMATS: Readonly<Record<string, string>> = {
  uri: 'an http or https address',
  date: 'a day such as 2001-01-31',
  'date-time': 'a time in ISO 8601',
}

/** What a schema allows, as `a number between 0 and 1`. */
export function expectation(node: SchemaNode): string {
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.enum !== undefined) return choice(node.enum.map((value) => JSON.stringify(value)))
  if (node.oneOf !== undefined || node.anyOf !== undefined) return eitherOf(alternativesOf(node))
  switch (node.type) {
    case 'number':
      return `a number${range(node)}`
    case 'integer':
      return `a whole number${range(node)}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return FORMATS[node.format ?? ''] ?? 'text'
    case 'array':
      return `a list of ${isNode(node.items) ? itemsOf(node.items) : 'anything'}${(node.minItems ?? 0) > 0 ? ', not empty' : ''}`
    case 'object':
      return `a mapping${keysOf(node)}`
    default:
      return 'anything'
  }
}

/** A value as it was found, short. */
export function foundValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'an empty value'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'string') return value === '' ? 'empty text' : quoted(value)
  return String(value)
}

/** Text in quotes, shortened. */
export function quoted(text: string): string {
  return JSON.stringify(text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE - 1)}…`)
}

/** What to write instead of `value`. */
export function wayOutOf(node: SchemaNode, value: unknown): string {
  const meant = typeof value === 'string' ? nearest(value, choicesOf(node)) : undefined
  if (meant !== undefined) return `Did you mean ${JSON.stringify(meant)}?`
  if (node.type === 'boolean') return 'Write true or false.'
  if (isPlainText(node) && typeof value === 'number') return `Put it in quotes: "${value}".`
  const example = exampleOf(node)
  if (example !== undefined) return `Write ${nounOf(node)} such as ${asYaml(example)}.`
  if (node.type !== 'object') return `Write ${expectation(node)}.`
  return `Write its keys on the lines below, indented${node.default === undefined ? '' : ', or remove it'}.`
}

/** How to add the missing field `key`. */
export function additionOf(key: string, node: SchemaNode): string {
  const example = exampleOf(node) ?? choicesOf(node)[0]
  if (example !== undefined) return `Add it, such as ${asYaml({ [key]: example })}.`
  return `Add it: ${node.description ?? 'it has no default'}.`
}

/** A value in YAML on one line. */
export function asYaml(value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim()
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMapping ? text.slice(1, -1) : text
}

function exampleOf(node: SchemaNode): unknown {
  return node.examples?.[0] ?? plainDefault(node) ?? node.const ?? node.enum?.[0]
}

/** A default that shows something: `{}` and `[]` do not. */
function plainDefault(node: SchemaNode): unknown {
  return node.default !== null && typeof node.default === 'object' && Object.keys(node.default).length === 0
    ? undefined
    : node.default
}

const isPlainText = (node: SchemaNode): boolean => node.type === 'string' && node.pattern === undefined

function choicesOf(node: SchemaNode): readonly string[] {
  const values = alternativesOf(node).flatMap((branch) => branch.enum ?? branch.const ?? [])
  return values.filter((value) => typeof value === 'string')
}

function nounOf(node: SchemaNode): string {
  if (node.type === 'number') return node.minimum === 0 && node.maximum === 1 ? 'a share' : 'a number'
  if (node.type === 'integer') return 'a whole number'
  return node.type === 'array' ? 'a list' : 'a value'
}

function range(node: SchemaNode): string {
  // zod states the safe integers as a range; no person asks for it.
  const maximum = node.maximum === Number.MAX_SAFE_INTEGER ? undefined : node.maximum
  if (node.minimum !== undefined && maximum !== undefined) return ` between ${node.minimum} and ${maximum}`
  if (node.minimum !== undefined) return `, at least ${node.minimum}`
  if (typeof node.exclusiveMinimum !== 'number') return maximum === undefined ? '' : `, at most ${maximum}`
  return ` above ${node.exclusiveMinimum}${maximum === undefined ? '' : `, at most ${maximum}`}`
}

function eitherOf(branches: readonly SchemaNode[]): string {
  const kinds = branches.map((branch) => branch.properties?.kind)
  const named = kinds.filter(isNode).map(expectation)
  if (named.length === branches.length) return `a mapping with kind ${listed(named)}`
  return branches.map(expectation).join(' or ')
}

function keysOf(node: SchemaNode): string {
  const required = node.required ?? []
  if (required.length > 0) return ` with ${required.length === 1 ? 'the key' : 'the keys'} ${listed(required, 'and')}`
  return isNode(node.additionalProperties) ? ' from names to values' : ''
}

function itemsOf(node: SchemaNode): string {
  if (node.enum !== undefined) return listed(node.enum.map((value) => JSON.stringify(value)))
  return node.type === 'string' ? 'texts' : expectation(node)
}

const choice = (words: readonly string[]): string => `${words.length > 2 ? 'one of ' : ''}${listed(words)}`

function listed(words: readonly string[], word: 'or' | 'and' = 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${word} ${words.at(-1)}`
}
