// Writes the parts of docs/*.md that the code knows best: the operator's variables, the verbs and their options, the
// parameters of the embedded trainer. Build first: npm run build && node tools/docs.mjs
// Another build folder may be named; `--check` writes nothing and exits with 1 when a page is not current.
import { readFileSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { ROOT } from './root.mjs'

const args = process.argv.slice(2)
const isCheck = args.includes('--check')
const build = resolve(ROOT, args.find((arg) => !arg.startsWith('--')) ?? 'dist')
const load = (file) => import(pathToFileURL(join(build, 'src', file)).href)

const { Environment } = await load('config.js')
const { createProgram } = await load('cli/program.js')
const { EmbeddedParameters } = await load('trainer/embedded/parameters.js')

/** What stands between `<!-- NAME … -->` and `<!-- end of NAME -->` of a page. */
const PARTS = [
  {
    page: 'configuration.md',
    name: 'environment',
    text: fieldTable(Environment, { first: 'variable', initial: place }),
  },
  { page: 'cli.md', name: 'verbs', text: createProgram().commands.flatMap(verbsOf).map(verb).join('\n\n') },
  {
    page: 'trainers.md',
    name: 'embedded',
    text: fieldTable(EmbeddedParameters, { first: 'parameter', initial: yaml }),
  },
]

const old = PARTS.filter(({ page, name, text }) => !isCurrent(join(ROOT, 'docs', page), name, text))
for (const { page } of old) console.log(isCheck ? `docs/${page} is not current` : `docs/${page} is written`)
if (isCheck && old.length > 0) process.exit(1)

/** Whether the part of the page is as the code says; unless it is only checked, it is made so. */
function isCurrent(file, name, text) {
  const page = readFileSync(file, 'utf8')
  const part = new RegExp(`(<!-- ${name}: .*? -->\n\n)[^]*?(\n\n<!-- end of ${name} -->)`)
  if (!part.test(page)) throw new Error(`${file} has no part "${name}".`)
  const next = page.replace(part, (_, begin, end) => begin + text + end)
  if (!isCheck) writeFileSync(file, next)
  return next === page
}

function fieldTable(schema, { first, initial }) {
  const { properties } = z.toJSONSchema(schema, { io: 'input' })
  const rows = Object.entries(properties).map(
    ([name, field]) => `| \`${name}\` | ${range(field)} | ${initial(field.default)} | ${cell(field.description)} |`,
  )
  return [`| ${first} | value | default | meaning |`, '|---|---|---|---|', ...rows].join('\n')
}

/** What a value may be, in words. */
function range(field) {
  const { type, minimum, exclusiveMinimum, maximum, multipleOf, items, maxItems } = field
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(', ')
  if (items) return `a list of ${plural(range(items))}${maxItems === undefined ? '' : `, at most ${maxItems}`}`
  if (type === 'string') return field.format === 'uri' ? 'an address' : 'text'
  const step = multipleOf === undefined || multipleOf === 1 ? '' : `, a multiple of ${multipleOf}`
  const least = minimum !== undefined && minimum > -1e15 ? `, at least ${minimum}` : ''
  const above = exclusiveMinimum === undefined ? '' : `, above ${exclusiveMinimum}`
  const most = maximum === undefined || maximum > 1e15 ? '' : `, at most ${maximum}`
  return `${type === 'integer' ? 'a whole number' : 'a number'}${step}${above}${least}${most}`
}

function plural(words) {
  return words.replace(/^a whole number/, 'whole numbers').replace(/^text$/, 'texts')
}

/** A default of the operator's configuration; what depends on the machine is said, not shown. */
function place(value) {
  if (value === undefined || value === '') return 'none'
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'refit')
  if (value === cache) return '`refit` in `XDG_CACHE_HOME` or `~/.cache`'
  if (value === join(tmpdir(), 'refit')) return '`refit` in the folder for temporary files'
  return `\`${value}\``
}

function yaml(value) {
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : value}\``
}

/** A verb, or the verbs below it. */
function verbsOf(command) {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(verbsOf)
}

/** The words by which a verb is called, without the program itself. */
function nameOf(command) {
  const above = command.parent?.parent ? [nameOf(command.parent)] : []
  return [...above, command.name()].join(' ')
}

function verb(command) {
  const words = command.registeredArguments.map((part) => (part.required ? `<${part.name()}>` : `[${part.name()}]`))
  // What every verb has is said once, above.
  const own = command.options.filter(({ long }) => long !== '--json')
  const options = own.map((option) => `| \`${cell(option.flags)}\` | ${cell(meaningOf(option))} |`)
  const table = options.length === 0 ? [] : ['', '| option | meaning |', '|---|---|', ...options]
  return [
    `### \`${['refit', nameOf(command), ...words].join(' ')}\``,
    '',
    sentence(command.description()),
    ...table,
  ].join('\n')
}

function meaningOf({ description, argChoices, defaultValue, mandatory, negate }) {
  const choices = argChoices ? `: ${argChoices.join(', ')}` : ''
  const initial = defaultValue === undefined || negate ? '' : `; ${defaultValue} unless given`
  return `${description}${choices}${initial}${mandatory ? ' (required)' : ''}`
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function cell(text) {
  return text.replaceAll('|', '\\|')
}
