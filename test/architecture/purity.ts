/** Checks that pure parts read no clock, draw no number and touch nothing outside. */
import ts from 'typescript'
import { lineOf, type Source, type Violation, visit } from './sources.js'

/** Members of globals that give another answer each time. */
const CLOCK_AND_CHANCE: readonly string[] = ['Date.now', 'new Date()', 'Math.random', 'setTimeout', 'setInterval']
/** Globals that reach outside, or that even Temporal does not replace. */
const OUTSIDE: readonly string[] = [
  'process',
  'fetch',
  'require',
  'setImmediate',
  'performance.now',
  'crypto.randomUUID',
]

/** Uses of clock, chance and the world outside. Imports of Node's modules are the import table's matter. */
export function checkPurity(sources: readonly Source[]): readonly Violation[] {
  return uses(sources, [...CLOCK_AND_CHANCE, ...OUTSIDE], 'in a pure part')
}

/** Uses of the world outside in code that Temporal replays. */
export function checkReplayable(sources: readonly Source[]): readonly Violation[] {
  return uses(sources, OUTSIDE, 'in code that is replayed')
}

function uses(sources: readonly Source[], forbidden: readonly string[], where: string): readonly Violation[] {
  return sources.flatMap(({ path, file }) => {
    const violations: Violation[] = []
    visit(file, (node) => {
      const used = globalUse(node)
      if (used !== undefined && forbidden.includes(used)) {
        violations.push({ path, line: lineOf(file, node), text: `uses ${used} ${where}` })
      }
    })
    return violations
  })
}

/** The global, or the member of one, that a node uses. */
function globalUse(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.getText()
  if (ts.isNewExpression(node)) return node.arguments?.length ? undefined : `new ${node.expression.getText()}()`
  return ts.isIdentifier(node) && isUsed(node) ? node.text : undefined
}

/** Whether the identifier stands for a value, and not for a member or for what is declared here. */
function isUsed(node: ts.Identifier): boolean {
  const { parent } = node
  return ts.isPropertyAccessExpression(parent) ? parent.expression === node : ts.isCallExpression(parent)
}
