/** The pages for people: what the code can know of them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Policy } from '../../src/spec/policy.js'
import { packageFile } from '../support/example-file.js'

/** The build that runs this test. */
const BUILD = fileURLToPath(new URL('../..', import.meta.url))

const read = (name: string): string => readFileSync(packageFile(name), 'utf8')

test('docs/ has the variables, verbs and parameters of the code: run `npm run docs` after a change', () => {
  const run = spawnSync(process.execPath, [packageFile('tools/docs.mjs'), BUILD, '--check'], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stdout + run.stderr)
})

test('docs/decisions.md tells each rule and each field of the policy', () => {
  const page = read('docs/decisions.md')
  const [, union = ''] = /export type RuleName =((?:\s+\| '\w+')+)/.exec(read('src/decisions/decision.ts')) ?? []
  const rules = [...union.matchAll(/'(\w+)'/g)].map(([, rule = '']) => rule)
  assert.ok(rules.length > 10)
  const { window, ...fields } = Policy.shape
  const names = [
    ...rules,
    ...Object.keys(fields),
    ...Object.keys(window.unwrap().shape).map((name) => `window.${name}`),
  ]
  assert.deepEqual(
    // `partial` is a verdict as well; as a field it is told in docs/trainers.md.
    names.filter((name) => name !== 'partial' && !page.includes(`\`${name}\``)),
    [],
  )
})

test('docs/gates.md has a section for each gate, under its name', () => {
  const files = readdirSync(packageFile('src/decisions/gates')).map((name) => read(`src/decisions/gates/${name}`))
  const gates = files.flatMap((text) => [...text.matchAll(/gate: '(G\w+)',\s+title: '([^']+)'/g)])
  assert.equal(gates.length, 5)
  const page = read('docs/gates.md')
  for (const [, gate, title] of gates) assert.ok(page.includes(`\n## ${gate} ${title}\n`), `${gate} ${title}`)
})

test('no page links to a file that is not there', () => {
  const pages = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...pagesIn('docs'),
    ...pagesIn('examples'),
  ]
  const broken = pages.flatMap((page) => {
    const links = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link)
    return links.filter((link) => !existsSync(packageFile(join(dirname(page), link)))).map((link) => `${page}: ${link}`)
  })
  assert.deepEqual(broken, [])
})

test('no page names an anchor that is not there', () => {
  const broken = pagesIn('docs').flatMap((page) => {
    const links = [...read(page).matchAll(/\]\(([^)#:]*)#([^)]+)\)/g)]
    return links
      .filter(
        ([, file = '', anchor = '']) => !anchorsOf(file === '' ? page : join(dirname(page), file)).includes(anchor),
      )
      .map(([link]) => `${page}: ${link}`)
  })
  assert.deepEqual(broken, [])
})

function pagesIn(folder: string): readonly string[] {
  const names = readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
}

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(page: string): readonly string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
