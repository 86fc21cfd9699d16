import { z } from 'zod'
import { ModelSpec } from './spec.js'

/** A node of a JSON Schema. */
export type SchemaNode = z.core.JSONSchema.JSONSchema
/** Where something is in a spec: keys, and numbers for the items of a list. */
export type SpecPath = readonly (string | number)[]

let cached: SchemaNode | undefined

/**
 * The JSON Schema (draft 2020-12) of a spec as it is written, for editors. It knows each field by itself; what fields
 * mean together (a feature that exists, a limit below another) only {@link parseSpec} knows.
 */
export function specJsonSchema(): SchemaNode {
  cached ??= {
    ...z.toJSONSchema(ModelSpec, { io: 'input' }),
    title: 'Refit model spec',
    description: 'What a team writes for one model: goal, data, triggers, training, gates.',
  }
  return cached
}

/** The schema as the text of `refit.schema.json`. */
export function specJsonSchemaText(): string {
  return `${JSON.stringify(specJsonSchema(), undefined, 2)}\n`
}

/**
 * The schema of the field at `path`, or `undefined` when there is none. Where it depends on a `kind`, the one that
 * `data` names is followed; without one, the first that has the field.
 */
export function schemaAt(path: SpecPath, data: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = specJsonSchema()
  let value = data
  for (const segment of path) {
    if (node === undefined) return undefined
    node = schemaOfChild(node, segment, value)
    value = childOf(value, segment)
  }
  return node
}

/** The value at `path` of plain data, or `undefined` when there is none. */
export function valueAt(data: unknown, path: SpecPath): unknown {
  let value = data
  for (const segment of path) value = childOf(value, segment)
  return value
}

/** The alternatives of a union, or the node itself. */
export function alternativesOf(node: SchemaNode): readonly SchemaNode[] {
  return node.oneOf ?? node.anyOf ?? [node]
}

/** A schema that says something; `true` and `false` are schemas too, and say nothing to a person. */
export function isNode(schema: unknown): schema is SchemaNode {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema)
}

function schemaOfChild(node: SchemaNode, segment: string | number, value: unknown): SchemaNode | undefined {
  if (segment === 'kind' && node.oneOf !== undefined) return schemaOfKind(node.oneOf)
  const kind = childOf(value, 'kind')
  const branches = alternativesOf(node)
  const fitting = branches.filter((branch) => kindOf(branch) === kind)
  const children = [...fitting, ...branches].map((branch) => directChild(branch, segment))
  return children.find((child) => child !== undefined)
}

/** The kinds of all alternatives as one choice. */
function schemaOfKind(branches: readonly SchemaNode[]): SchemaNode {
  const kinds = branches.map((branch) => branch.properties?.kind).filter(isNode)
  return {
    enum: kinds.flatMap((kind) => kind.const ?? []),
    description: kinds.map((kind) => `${kind.const}: ${kind.description}`).join('; '),
  }
}

function directChild(node: SchemaNode, segment: string | number): SchemaNode | undefined {
  const child = typeof segment === 'number' ? node.items : (ownField(node, segment) ?? node.additionalProperties)
  return isNode(child) ? child : undefined
}

function ownField(node: SchemaNode, key: string): unknown {
  return node.properties !== undefined && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined
}

function kindOf(node: SchemaNode): string | undefined {
  const kind = node.properties?.kind
  return isNode(kind) && typeof kind.const === 'string' ? kind.const : undefined
}

function childOf(value: unknown, segment: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
  return Reflect.get(value, segment)
}
