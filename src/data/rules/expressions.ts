/** The SQL of a spec, before it touches a row: each is one expression over the row's columns, and gives the same always. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { RefitError } from '../../errors.js'
import { COLUMN_TYPES } from '../../spec/columns.js'
import { feedSpec, feedsOf } from '../../spec/datasets.js'
import type { ModelSpec } from '../../spec/spec.js'
import { lockDown } from '../engine/context.js'
import { reasonOf } from '../engine/duckdb-error.js'
import { sqlName, sqlText } from '../engine/sql.js'
import { derivedExpressions, guarded, labelExpression, ruleExpressions, type SpecExpression } from './checked-rows.js'
import { expressionFault } from './expression-fault.js'

/** One thing that is wrong with an expression or a rule of the spec. */
export interface ExpressionProblem {
  /** Path in the spec, as `data.derived.hour.sql`. */
  readonly path: string
  readonly expected: string
  readonly found: string
}

const EXPECTED = 'one DuckDB expression over the columns of the row'

/** Checks every expression and pattern of a spec and of its feeds, without any data. No problem: an empty list. */
export async function checkExpressions(spec: ModelSpec): Promise<readonly ExpressionProblem[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    await lockDown(connection, { folders: [], files: [] })
    const problems = [...(await findProblems(connection, spec))]
    for (const [feed] of feedsOf(spec)) {
      const found = await findProblems(connection, feedSpec(spec, feed))
      problems.push(...found.map((problem) => ({ ...problem, path: pathInFeed(problem.path, feed) })))
    }
    return problems
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Where the spec of a model says what a feed's own spec says at `path`. */
const pathInFeed = (path: string, feed: string): string =>
  path === 'data.label.sql' ? `data.labels.${feed}.sql` : path.replace(/^data\./, `data.labels.${feed}.`)

/** Throws `InvalidSpec` unless every expression of the spec can be used. */
export async function requireExpressions(connection: DuckDBConnection, spec: ModelSpec): Promise<void> {
  const [first] = await findProblems(connection, spec)
  if (first === undefined) return
  throw new RefitError(
    'InvalidSpec',
    `Cannot use the spec of "${spec.model}": ${first.path}: expected ${first.expected}, found ${first.found}. Correct it and apply the spec again.`,
  )
}

/** Throws `InvalidInput` unless the text is a single expression, whatever columns it names. */
export async function requireExpression(connection: DuckDBConnection, sql: string): Promise<void> {
  const found = await expressionFault(connection, sql, [])
  if (found !== undefined)
    throw new RefitError('InvalidInput', `Cannot use "${sql}": expected ${EXPECTED}, found ${found}.`)
}

async function findProblems(connection: DuckDBConnection, spec: ModelSpec): Promise<readonly ExpressionProblem[]> {
  const arriving = Object.entries(spec.data.columns).map(([name, { type }]) => ({ name, type: COLUMN_TYPES[type] }))
  const derived = derivedExpressions(spec)
  const all = [...arriving, ...derived]
  const expressions = [
    ...derived.map((expression) => ({ path: `data.derived.${expression.name}.sql`, expression, columns: arriving })),
    { path: 'data.label.sql', expression: labelExpression(spec), columns: all },
    ...ruleExpressions(spec).map((expression) => ({
      path: `data.rules.${expression.name}.sql`,
      expression,
      columns: all,
    })),
    ...(spec.baseline.kind === 'rule'
      ? [
          {
            path: 'baseline.score',
            expression: { name: 'score', sql: spec.baseline.score, type: 'DOUBLE' },
            columns: all,
          },
        ]
      : []),
  ]
  const problems: ExpressionProblem[] = [...nameProblems(spec), ...(await patternProblems(connection, spec))]
  for (const { path, expression, columns } of expressions) {
    const names = columns.map(({ name }) => name)
    const found =
      (await expressionFault(connection, expression.sql, names)) ??
      (await bindingFault(connection, expression, columns))
    if (found !== undefined) problems.push({ path, expected: EXPECTED, found })
  }
  return problems
}

/** Binds the expression to columns of the right types: unknown names, wrong types and aggregates are found here. */
async function bindingFault(
  connection: DuckDBConnection,
  expression: SpecExpression,
  columns: readonly { readonly name: string; readonly type: string }[],
): Promise<string | undefined> {
  const row = columns.map(({ name, type }) => `NULL::${type} AS ${sqlName(name)}`).join(', ')
  try {
    const prepared = await connection.prepare(`SELECT ${guarded(expression)} FROM (SELECT ${row}) LIMIT 0`)
    prepared.destroySync()
    return undefined
  } catch (thrown) {
    return reasonOf(thrown)
  }
}

async function patternProblems(
  connection: DuckDBConnection,
  { data }: ModelSpec,
): Promise<readonly ExpressionProblem[]> {
  const problems: ExpressionProblem[] = []
  for (const [name, { pattern }] of Object.entries(data.columns)) {
    if (pattern === undefined) continue
    await connection.run(`SELECT regexp_full_match('', ${sqlText(pattern)})`).catch((thrown: unknown) => {
      problems.push({
        path: `data.columns.${name}.pattern`,
        expected: 'a regular expression (RE2)',
        found: reasonOf(thrown),
      })
    })
  }
  return problems
}

/** SQL does not tell upper from lower case in names, and training files have two columns of their own. */
function nameProblems({ data }: ModelSpec): readonly ExpressionProblem[] {
  const names = [
    ...Object.keys(data.columns).map((name) => ['columns', name] as const),
    ...Object.keys(data.derived).map((name) => ['derived', name] as const),
  ]
  const twice = names.filter(
    ([, name], index) => names.findIndex(([, other]) => other.toLowerCase() === name.toLowerCase()) !== index,
  )
  const reserved = data.features.flatMap((name, index) => (/^(label|weight)$/i.test(name) ? [{ name, index }] : []))
  return [
    ...twice.map(([part, name]) => ({
      path: `data.${part}.${name}`,
      expected: 'a name that differs from all others by more than upper and lower case',
      found: `"${name}" again`,
    })),
    ...reserved.map(({ name, index }) => ({
      path: `data.features[${index}]`,
      expected: 'a feature that is not called label or weight, as training files have columns of these names',
      found: `"${name}"`,
    })),
  ]
}
