import { Document, isMap, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml'
import { type SchemaNode, type SpecPath, schemaAt } from './json-schema.js'
import type { SpecInput } from './spec.js'

/** Name of the JSON Schema that `refit init` writes beside a spec. */
export const SCHEMA_FILE = 'refit.schema.json'

/** First line of a spec beside its schema: editors complete from it, check it, and show the descriptions. */
export const SCHEMA_LINE = `# yaml-language-server: $schema=${SCHEMA_FILE}\n`

/** Characters of a comment on one line. */
const COMMENT_WIDTH = 110
/** Items from which a list is written one a line: eight feature names still fit on one. */
const LONG_LIST = 9

/** Writes a spec as YAML with the description of each field above it, for a person who goes on from there. */
export function renderSpec(spec: SpecInput): string {
  const document = new Document(spec)
  const root = document.contents
  if (isMap(root)) comment(root, [], spec)
  const text = document.toString({ lineWidth: 120, flowCollectionPadding: true })
  return `${SCHEMA_LINE}# Every other field has a default; docs/spec.md lists them all.\n\n${text}`
}

function comment(map: YAMLMap, path: SpecPath, spec: unknown): void {
  for (const pair of map.items) {
    const own = [...path, String(isScalar(pair.key) ? pair.key.value : pair.key)]
    const node = schemaAt(own, spec)
    addComment(pair, node, own.length === 1 && pair !== map.items[0])
    const { value } = pair
    if (isSeq(value)) value.flow = value.items.length < LONG_LIST
    if (!isMap(value)) continue
    if (isNamed(node)) for (const entry of value.items) setFlow(entry)
    else comment(value, own, spec)
  }
}

function addComment(pair: Pair, node: SchemaNode | undefined, opensSection: boolean): void {
  if (!isScalar(pair.key)) return
  pair.key.spaceBefore = opensSection
  if (node?.description !== undefined) pair.key.commentBefore = wrapped(node.description)
}

/** The lines of a comment, each of at most so many characters. */
const wrapped = (text: string): string =>
  text.replaceAll(new RegExp(`(.{1,${COMMENT_WIDTH}})(?: +|$)`, 'g'), ' $1\n').trimEnd()

/** Whether the keys are names that the team chose; their entries then fit on one line each. */
const isNamed = (node: SchemaNode | undefined): boolean => node?.properties === undefined && node?.oneOf === undefined

function setFlow({ value }: Pair): void {
  if (isMap(value)) value.flow = true
}
