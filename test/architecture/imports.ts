/** Checks of who imports whom, by the table. */
import { isBuiltin } from 'node:module'
import { type Import, importsOf, resolveImport, type Source, type Violation } from './sources.js'
import { GROUPS, PARTS, type Part, ROOMS } from './table.js'

/** Imports that the table does not allow, and files that it does not know. */
export function checkImports(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => {
    const part = partOf(source.path)
    const rule = PARTS[part]
    if (rule === undefined) return [{ path: source.path, line: 1, text: `src/${part} is not in the table of parts` }]
    return importsOf(source).flatMap((found) => {
      const wrong = whatIsWrong(source, found, { name: part, rule })
      return wrong === undefined ? [] : [{ path: source.path, line: found.line, text: wrong }]
    })
  })
}

/** Files of a part with rooms that are in no room, and imports of a room that stands on this one. */
export function checkRooms(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => {
    const rooms = ROOMS[partOf(source.path)]
    if (rooms === undefined) return []
    const floor = rooms.indexOf(roomOf(source.path))
    if (floor === -1) return [{ path: source.path, line: 1, text: `is in none of the rooms ${list(rooms)}` }]
    return importsOf(source).flatMap(({ specifier, line }) => {
      const target = specifier.startsWith('.') ? resolveImport(source, specifier) : ''
      if (partOf(target) !== partOf(source.path) || rooms.indexOf(roomOf(target)) <= floor) return []
      const text = `imports ${target}: ${roomOf(source.path)} may import ${list(rooms.slice(0, floor))}`
      return [{ path: source.path, line, text }]
    })
  })
}

const roomOf = (path: string): string => path.split('/')[2] ?? ''

/** Circles of imports that remain at run time; types may refer to each other. Each is told once, at its first file. */
export function checkCycles(sources: readonly Source[]): readonly Violation[] {
  const known = new Map(sources.map((source) => [source.path, source]))
  const targets = (source: Source) =>
    importsOf(source)
      .filter(({ specifier, isTypeOnly }) => specifier.startsWith('.') && !isTypeOnly)
      .flatMap(({ specifier }) => known.get(resolveImport(source, specifier)) ?? [])
  const done = new Set<Source>()
  const violations: Violation[] = []

  const walk = (source: Source, trail: readonly Source[]) => {
    const start = trail.indexOf(source)
    if (start >= 0) violations.push(circle(trail.slice(start)))
    if (start >= 0 || done.has(source)) return
    for (const target of targets(source)) walk(target, [...trail, source])
    done.add(source)
  }
  for (const source of sources) walk(source, [])
  return violations
}

/** The part that a file of `src/` belongs to: its folder, or its own name beside the folders. */
export function partOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '')
}

function whatIsWrong(source: Source, found: Import, part: { name: string; rule: Part }): string | undefined {
  const { specifier } = found
  if (specifier.startsWith('.')) return wrongFile(resolveImport(source, specifier), found, part)
  if (isBuiltin(specifier))
    return part.rule.usesNode ? undefined : `imports ${specifier}: ${part.name} may not use Node's modules`
  if (part.rule.packages.some((allowed) => isOf(allowed, specifier))) return undefined
  return `imports ${specifier}: the packages of ${part.name} are ${list(part.rule.packages)}`
}

function wrongFile(
  path: string,
  { isTypeOnly }: Import,
  { name, rule }: { name: string; rule: Part },
): string | undefined {
  const target = path.replace(/^src\//, '').replace(/\.ts$/, '')
  const matching = rule.imports.map(parseEntry).filter(({ what }) => matches(what, target))
  if (partOf(path) === name || matching.some(({ typesOnly }) => isTypeOnly || !typesOnly)) return undefined
  const how = isTypeOnly ? 'imports types of' : 'imports'
  return `${how} ${target}: ${name} may import ${list(rule.imports)}`
}

function parseEntry(entry: string): { readonly what: string; readonly typesOnly: boolean } {
  const [what = '', qualifier] = entry.split(' ')
  return { what, typesOnly: qualifier === '(types)' }
}

function matches(what: string, target: string): boolean {
  const members = GROUPS[what]
  if (members !== undefined) return members.includes(target)
  return what === '*' || target === what || target.startsWith(`${what}/`)
}

function isOf(allowed: string, specifier: string): boolean {
  const name = allowed.replace(/\/\*$/, '')
  return specifier === name || specifier.startsWith(`${name}/`)
}

function circle(sources: readonly Source[]): Violation {
  const paths = sources.map(({ path }) => path)
  const [first = ''] = paths
  return { path: first, line: 1, text: `is in a circle of imports: ${[...paths, first].join(' → ')}` }
}

const list = (names: readonly string[]): string => names.join(', ') || 'none'
