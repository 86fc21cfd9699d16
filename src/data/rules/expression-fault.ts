/** Whether a text is one expression over a row, by DuckDB's own syntax tree: a text that only looks like one is found. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'
import { reasonOf } from '../engine/duckdb-error.js'
import { queryRow, queryRows } from '../engine/query.js'
import { sqlText } from '../engine/sql.js'

/**
 * What keeps a text from being one expression over the values of a row that gives the same always; `undefined` when
 * nothing does. `columns` are those that it may name; whether it names others is left to binding.
 */
export async function expressionFault(
  connection: DuckDBConnection,
  sql: string,
  columns: readonly string[],
): Promise<string | undefined> {
  const parsed = await parse(connection, sql)
  if (typeof parsed === 'string') return parsed
  const nodes = nodesOf(parsed.tree)
  const forbidden = nodes.flatMap((node) => nodeFault(node) ?? [])[0]
  return (
    forbidden ??
    functionFault(
      connection,
      nodes.flatMap((node) => functionOf(node, columns) ?? []),
    )
  )
}

/** The parts of DuckDB's syntax tree that matter. */
const Answer = z.discriminatedUnion('error', [
  z.object({ error: z.literal(true), error_message: z.string() }),
  z.object({ error: z.literal(false), statements: z.array(z.object({ node: z.record(z.string(), z.unknown()) })) }),
])

/** A node has a class, and some name a function or a column. */
const Node = z.object({
  class: z.string().optional(),
  function_name: z.string().optional(),
  column_names: z.array(z.string()).optional(),
})
type Node = z.infer<typeof Node>

/** The tree of the expression, or what is wrong with the text. */
async function parse(connection: DuckDBConnection, sql: string): Promise<{ readonly tree: unknown } | string> {
  const row = z.object({ answer: z.string().transform((text) => Answer.parse(JSON.parse(text))) })
  const statement = sqlText(`SELECT (${sql}\n)`)
  try {
    const { answer } = await queryRow(connection, `SELECT json_serialize_sql(${statement}) AS answer`, row)
    return answer.error ? answer.error_message : onlyExpression(answer.statements)
  } catch (thrown) {
    return reasonOf(thrown)
  }
}

/** A text can close our parenthesis and go on: then there are more statements, more expressions, or a clause. */
function onlyExpression(statements: readonly { readonly node: Readonly<Record<string, unknown>> }[]) {
  const [statement, ...others] = statements
  const list = z.array(z.unknown()).safeParse(statement?.node.select_list)
  if (statement === undefined || others.length > 0 || list.data?.length !== 1) return 'more than one expression'
  const from = z.object({ type: z.string() }).safeParse(statement.node.from_table)
  const clauses = nodesOf({ ...statement.node, select_list: [] }).filter((node) => node.class !== undefined)
  if (from.data?.type !== 'EMPTY' || clauses.length > 0) return 'more than an expression'
  return { tree: list.data[0] }
}

const FORBIDDEN_CLASSES: Readonly<Record<string, string>> = {
  SUBQUERY: 'a subquery',
  WINDOW: 'a window function, which looks at other rows',
  STAR: '*',
  PARAMETER: 'a parameter',
}

function nodeFault(node: Node): string | undefined {
  if (node.class !== 'COLUMN_REF') return FORBIDDEN_CLASSES[node.class ?? '']
  const names = node.column_names ?? []
  return names.length > 1 ? `"${names.join('.')}", a name with a dot` : undefined
}

/** The function that a node calls. `current_date` looks like a column and is one only where a column has this name. */
function functionOf({ function_name, column_names }: Node, columns: readonly string[]): string | undefined {
  const column = column_names?.[0]
  return (function_name ?? (column === undefined || columns.includes(column) ? undefined : column))?.toLowerCase()
}

/** Functions that answer differently elsewhere, though DuckDB counts them as constant. */
const NOT_OF_THE_ROW: readonly string[] = [
  'getvariable',
  'current_setting',
  'current_user',
  'current_database',
  'current_schema',
  'version',
]

/** Looks functions up in DuckDB's own catalogue: one that is not constant would differ between training and serving. */
async function functionFault(connection: DuckDBConnection, names: readonly string[]): Promise<string | undefined> {
  const named = names.find((name) => NOT_OF_THE_ROW.includes(name))
  if (named !== undefined) return `${named}(), which does not depend on the row`
  if (names.length === 0) return undefined
  inconstant ??= inconstantFunctions(connection).catch((thrown: unknown) => {
    inconstant = undefined
    throw thrown
  })
  const builtIn = await inconstant
  const changing = names.find((name) => builtIn.has(name))
  return changing === undefined ? undefined : `${changing}(), which answers differently at another time`
}

/**
 * Looked up once a process, as that takes longer than a small batch with all else. Instances of one process have the same
 * functions: they load no extensions, and an expression cannot make any.
 */
let inconstant: Promise<ReadonlySet<string>> | undefined

async function inconstantFunctions(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const sql = `SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'`
  return new Set((await queryRows(connection, sql, z.object({ name: z.string() }))).map(({ name }) => name))
}

function nodesOf(tree: unknown): readonly Node[] {
  if (Array.isArray(tree)) return tree.flatMap(nodesOf)
  if (typeof tree !== 'object' || tree === null) return []
  const node = Node.safeParse(tree)
  return [...(node.success ? [node.data] : []), ...Object.values(tree).flatMap(nodesOf)]
}
