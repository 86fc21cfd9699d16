/** A tree of TypeScript sources as the checks see it: on disk for the real ones, in memory for planted ones. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'

/** One file. `path` is relative to the package, with `/`. */
export interface Source {
  readonly path: string
  readonly file: ts.SourceFile
}

/** One import or re-export. */
export interface Import {
  readonly specifier: string
  /** Whether the compiler erases it. */
  readonly isTypeOnly: boolean
  readonly line: number
}

/** What is wrong, and where. */
export interface Violation {
  readonly path: string
  readonly line: number
  readonly text: string
}

/** Parses one file. */
export function sourceOf(path: string, text: string): Source {
  return { path, file: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) }
}

/** All TypeScript files below folders of the package. */
export function readSources(root: string, folders: readonly string[]): readonly Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
      .sort()
      .map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8'))),
  )
}

/** The imports of a file: static, dynamic, and what it re-exports. */
export function importsOf({ file }: Source): readonly Import[] {
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean) => {
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      imports.push({ specifier: specifier.text, isTypeOnly, line: lineOf(file, specifier) })
    }
  }
  visit(file, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isErased(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false)
  })
  return imports
}

/** `import type …`, or braces in which every name is a type. */
function isErased(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const { name, namedBindings } = clause
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false
  return namedBindings.elements.length > 0 && namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly)
}

/** Path of the source that a relative specifier names. */
export function resolveImport(from: Source, specifier: string): string {
  return posix.join(posix.dirname(from.path), specifier).replace(/\.js$/, '.ts')
}

/** Calls `take` with every node below a node. */
export function visit(node: ts.Node, take: (node: ts.Node) => void): void {
  ts.forEachChild(node, (child) => {
    take(child)
    visit(child, take)
  })
}

/** Line of a node, from 1. */
export function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
}
