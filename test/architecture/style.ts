/** Checks of what a file looks like: the rules of house style that a linter does not know. */
import ts from 'typescript'
import { lineOf, type Source, type Violation, visit } from './sources.js'
import { EMPTY_NAMES, MAX_LINES } from './table.js'

/** Ways around the type checker, enums, names that say nothing, files that are too long. */
export function checkStyle(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => [...checkShape(source), ...checkTypes(source)])
}

/** Exports without a doc comment; the comment must be a `/**` directly above. */
export function checkDocumented(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap(({ path, file }) => {
    // The comment of the first overload is that of all.
    const documented = new Set(file.statements.filter(isDocumented).map(nameOf))
    return file.statements
      .filter((statement) => isExported(statement) && !isDocumented(statement) && !isOverload(statement, documented))
      .map((statement) => ({
        path,
        line: lineOf(file, statement),
        text: `export ${nameOf(statement)} has no doc comment`,
      }))
  })
}

function isDocumented(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some(ts.isJSDoc)
}

function isOverload(statement: ts.Statement, documented: ReadonlySet<string>): boolean {
  return ts.isFunctionDeclaration(statement) && documented.has(nameOf(statement))
}

function checkShape({ path, file }: Source): readonly Violation[] {
  const violations: Violation[] = []
  const empty = path.split('/').find((part) => EMPTY_NAMES.includes(part.replace(/\.test\.ts$|\.ts$/, '')))
  if (empty !== undefined) violations.push({ path, line: 1, text: `"${empty}" does not say what is in it` })
  const lines = file.text.replace(/\n$/, '').split('\n').length
  if (lines > MAX_LINES) violations.push({ path, line: MAX_LINES, text: `has ${lines} lines, more than ${MAX_LINES}` })
  return violations
}

function checkTypes({ path, file }: Source): readonly Violation[] {
  const violations: Violation[] = []
  visit(file, (node) => {
    const text = whatIsWrong(file, node)
    if (text !== undefined) violations.push({ path, line: lineOf(file, node), text })
  })
  return violations
}

function whatIsWrong(file: ts.SourceFile, node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'uses any'
  if (ts.isNonNullExpression(node)) return 'uses ! to claim that a value is there'
  if (ts.isEnumDeclaration(node)) return 'declares an enum; a union of string literals needs no run time'
  if (ts.isTypeAssertionExpression(node)) return 'casts with <…>'
  if (ts.isAsExpression(node) && !isConst(node) && !hasReason(file, node))
    return 'casts with as, without a comment that says why'
  return undefined
}

function isConst({ type }: ts.AsExpression): boolean {
  return ts.isTypeReferenceNode(type) && type.getText() === 'const'
}

/** A comment at the end of the line of the cast, or on the line above its statement or its line. */
function hasReason(file: ts.SourceFile, node: ts.Node): boolean {
  const lines = file.text.split('\n')
  const line = file.getLineAndCharacterOfPosition(node.getEnd()).line
  const first = file.getLineAndCharacterOfPosition(statementOf(node).getStart(file)).line
  const isComment = (text: string | undefined) => text !== undefined && /^\s*(\/\/|\*\/|\/\*.*\*\/\s*$)/.test(text)
  return /\/\/ \S/.test(lines[line] ?? '') || isComment(lines[line - 1]) || isComment(lines[first - 1])
}

function statementOf(node: ts.Node): ts.Node {
  return ts.isStatement(node) && !ts.isBlock(node) ? node : statementOf(node.parent)
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? ts.isExportAssignment(statement)
}

function nameOf(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText()).join(', ')
  }
  const isNamed = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
  const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
  return (isNamed || isType ? statement.name?.text : undefined) ?? 'default'
}
