import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkCycles, checkImports, checkRooms, partOf } from './imports.js'
import { checkPurity, checkReplayable } from './purity.js'
import { readSources, type Violation } from './sources.js'
import { checkDocumented, checkStyle } from './style.js'
import { PARTS, PURE_PARTS, REPLAYED_PARTS, ROOMS } from './table.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const src = readSources(ROOT, ['src'])
const all = [...src, ...readSources(ROOT, ['test', 'bench'])]

const of = (parts: readonly string[]) => src.filter(({ path }) => parts.includes(partOf(path)))

/** The list itself is the message: every place, all at once. */
function none(violations: readonly Violation[]): void {
  const places = violations.map(({ path, line, text }) => `${path}:${line} ${text}`)
  assert.deepEqual(places, [])
}

test('every import is in the table of who may import whom', () => none(checkImports(src)))
test('a room imports those that it stands on, and no other', () => none(checkRooms(src)))
test('no file imports itself, however long the way', () => none(checkCycles(all)))
test('nothing gets around the type checker, and names and lengths are in order', () => none(checkStyle(src)))
test('test files have names and lengths in order', () =>
  none(checkStyle(all).filter(({ text }) => /lines|say what/.test(text))))
test('every export is documented', () => none(checkDocumented(src)))
test('pure parts use no clock, no chance and nothing outside', () => none(checkPurity(of(PURE_PARTS))))
test('code that is replayed uses nothing outside', () => none(checkReplayable(of(REPLAYED_PARTS))))

test('ARCHITECTURE.md names the rooms in their order', () => {
  const page = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
  for (const rooms of Object.values(ROOMS)) assert.ok(page.includes(rooms.map((room) => `\`${room}/\``).join(' → ')))
})

test('ARCHITECTURE.md has the table as it is checked', () => {
  const page = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ') || '–'
  const rows = Object.entries(PARTS).map(
    ([name, { imports, packages }]) => `| ${name} | ${code(imports)} | ${code(packages)} |`,
  )
  assert.deepEqual(
    rows.filter((row) => !page.includes(row)),
    [],
  )
})
