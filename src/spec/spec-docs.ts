/** The page docs/spec.md, drawn from the schema alone: `node tools/spec-docs.mjs` writes it, a test keeps it current. */
import { alternativesOf, isNode, type SchemaNode, specJsonSchema } from './json-schema.js'
import { asYaml, expectation } from './wording.js'

const INTRODUCTION = `# The model spec

One YAML file a model, usually \`refit.yaml\`. Start from \`refit init\`; \`refit validate\` checks the file, names each
mistake with its line and the way out, and looks at the data. An unknown key is an error. A commented example that runs:
[examples/flights/refit.yaml](../examples/flights/refit.yaml).

This page is written by \`node tools/spec-docs.mjs\` from the schema in \`src/spec\`: change it there.
`

const RULES = `## What fields mean together

\`refit validate\` also checks what no single field shows. Errors:

- Names of columns are unique in upper and lower case together, as SQL sees them; \`label\` and \`weight\` are Refit's own.
- \`min\` and \`max\` belong to columns of type integer or number, as texts in ISO 8601 to timestamp or date; \`minLength\` and
  \`maxLength\` to strings; the lower one is not above the upper one.
- \`data.key\` names columns that arrive and are not \`nullable\`, each once.
- \`data.eventTime\` names a column of type timestamp or date.
- \`data.features\` name columns, arriving or derived, each once; times are no features, what is derived from them is.
- No feature is read by \`data.label.sql\`: the model would only learn to repeat the answer.
- \`data.label.sql\` is there, or a feed in \`data.labels\`; \`data.labelRequest\` needs a feed of kind verified.
- A feed's \`key\` names its own columns, not \`nullable\`, and \`eventKey\` as many of the event, of the same types; its \`time\`
  is a timestamp or date.
- \`threshold: leastCost\` needs \`businessMetric\`, in which a wrong decision costs more than the right one.
- \`psiMajor\` is above \`psiModerate\`, \`driftedShareFull\` above \`driftedShare\`, \`window.history.days\` above \`holdoutDays\`.

Warnings: a feature derived from a column that the label reads; a way of \`policy.partial\` that \`trainer.can\` lacks; a
\`goal.target\` that is no better than \`goal.today\`; \`explanations: required\` with the embedded trainer.
`

interface Row {
  readonly path: string
  readonly node: SchemaNode
  readonly isRequired: boolean
}

/** The whole page, in Markdown. */
export function specDocs(): string {
  const sections = rowsOf(specJsonSchema(), '').filter(({ path }) => path !== '')
  const plain = sections.filter(({ node }) => !hasFields(node))
  const parts = sections.filter(({ node }) => hasFields(node)).map(sectionOf)
  return [INTRODUCTION, tableOf('## Top level', '', plain), ...parts, RULES].join('\n')
}

function sectionOf({ path, node, isRequired }: Row): string {
  const kinds = alternativesOf(node)
  const title = `## \`${path}\`${isRequired ? '' : ' (optional)'}`
  const lead = `${capital(node.description ?? '')}.\n`
  if (kinds.length === 1) return [tableOf(title, lead, fieldsBelow(node, path)), ...choicesBelow(node, path)].join('\n')
  const tables = kinds.flatMap((kind) => kindOf(kind, path, wordsOf(kind)))
  return [`${title}\n\n${lead}`, ...tables].join('\n')
}

/** One kind of a choice, and the choices within it. */
function kindOf(kind: SchemaNode, path: string, words: string): readonly string[] {
  const rows = fieldsBelow(kind, path).filter((row) => row.path !== `${path}.kind`)
  const fields = rows.length === 0 ? `### ${words}\n` : tableOf(`### ${words}`, '', rows)
  return [fields, ...choicesBelow(kind, path)]
}

/** The kinds of each choice that a table has in one row. */
function choicesBelow(node: SchemaNode, path: string): readonly string[] {
  return fieldsBelow(node, path)
    .filter((row) => isChoice(row.node))
    .flatMap((row) =>
      alternativesOf(row.node).flatMap((kind) => kindOf(kind, row.path, `\`${row.path}\`, ${wordsOf(kind)}`)),
    )
}

function wordsOf(kind: SchemaNode): string {
  const name = kind.properties?.kind
  return isNode(name) ? `\`kind: ${name.const}\`: ${name.description}` : ''
}

/** Whether the fields depend on a kind. */
const isChoice = (node: SchemaNode): boolean => {
  const kinds = alternativesOf(node)
  return kinds.length > 1 && kinds.every((kind) => kind.properties?.kind !== undefined)
}

/**
 * All fields below a node, depth first: mappings with their own fields are opened, in place. What depends on a kind has
 * tables of its own.
 */
function fieldsBelow(node: SchemaNode, path: string): readonly Row[] {
  return rowsOf(node, path).flatMap((row) => {
    const inner = openable(row.node)
    if (inner === undefined || isChoice(row.node)) return [row]
    return [row, ...fieldsBelow(inner.node, `${row.path}${inner.suffix}`)]
  })
}

function rowsOf(node: SchemaNode, path: string): readonly Row[] {
  const required = new Set(node.required ?? [])
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    return isNode(child)
      ? [{ path: path === '' ? key : `${path}.${key}`, node: child, isRequired: required.has(key) }]
      : []
  })
}

/** What has fields of its own below it: a mapping, the entries of a mapping by names, or one alternative of a union. */
function openable(node: SchemaNode): { node: SchemaNode; suffix: string } | undefined {
  const entries = node.additionalProperties
  if (isNode(entries) && entries.properties !== undefined) return { node: entries, suffix: '.<name>' }
  const withFields = alternativesOf(node).find((branch) => branch.properties !== undefined)
  return withFields === undefined ? undefined : { node: withFields, suffix: '' }
}

const hasFields = (node: SchemaNode): boolean => openable(node) !== undefined

function tableOf(title: string, lead: string, rows: readonly Row[]): string {
  const lines = rows.map(({ path, node, isRequired }) => {
    const initial = isRequired ? '**required**' : defaultOf(node)
    return `| \`${path}\` | ${cell(typeOf(node))} | ${initial} | ${cell(node.description ?? '')} |`
  })
  const head = '| field | value | default | meaning |\n|---|---|---|---|'
  return [`${title}\n`, ...(lead === '' ? [] : [lead]), head, ...lines, ''].join('\n')
}

function defaultOf(node: SchemaNode): string {
  if (node.default === undefined) return 'none'
  const text = asYaml(node.default)
  if (text !== '') return `\`${text}\``
  return hasFields(node) && node.properties !== undefined ? 'those below' : 'empty'
}

const typeOf = (node: SchemaNode): string => (node.type === 'object' ? 'a mapping' : expectation(node))
const cell = (text: string): string => text.replaceAll('|', '\\|')
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
