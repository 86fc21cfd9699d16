import { access, mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { RefitError } from '../errors.js'
import { specJsonSchemaText } from '../spec/json-schema.js'
import { parseSpec } from '../spec/parse.js'
import { formatProblems } from '../spec/problem.js'
import { renderSpec, SCHEMA_FILE } from '../spec/render-spec.js'
import { EXAMPLE_NAMES, exampleFiles, type NewFile, SPEC_FILE } from './init-example.js'
import { askSpec, type InferredColumn } from './init-questions.js'
import { type Prompts, terminalPrompts } from './prompts.js'
import { isInteractive } from './terminal.js'
import { type Answer, answers } from './verb.js'

/** What `refit init` needs of others. */
export interface InitDeps {
  /** Names and types of the columns of a file, from its first rows. */
  inferColumns(path: string): Promise<readonly InferredColumn[]>
  /** Who answers the questions; the terminal unless given, when a person is there. */
  readonly prompts?: Prompts | undefined
}

interface InitOptions {
  readonly example?: string
  readonly folder: string
  readonly force?: boolean
}

/** `refit init`: writes a model spec, from answers or from an example, and the schema that editors complete it from. */
export function initCommand(program: Command, deps: InitDeps): void {
  const command = program
    .command('init')
    .description('write a model spec: from your answers, or from an example')
    .addOption(new Option('--example <name>', 'copy an example that runs').choices(EXAMPLE_NAMES))
    .option('--folder <folder>', 'where to write', '.')
    .option('--force', 'overwrite what is there')
  answers<InitOptions & { readonly json?: boolean }>(command, (_, options) => {
    // Questions on stdout would spoil the one JSON object that was asked for.
    const canAsk = options.json !== true && isInteractive()
    return initSpec(options, { ...deps, prompts: deps.prompts ?? (canAsk ? terminalPrompts() : undefined) })
  })
}

/** Writes the files into the folder, which is made when absent; what is there is overwritten by `force` only. */
export async function initSpec(options: InitOptions, deps: InitDeps): Promise<Answer> {
  const { folder, force = false } = options
  const files = options.example === undefined ? undefined : await exampleFiles(options.example)
  if (!force) await refuseToOverwrite(folder, files?.map(({ name }) => name) ?? [SPEC_FILE])
  const written = files ?? [await askedFile(folder, deps)]
  await writeFiles(folder, written, force)
  // Drawn from the code alone: overwriting it loses nothing.
  await writeFile(join(folder, SCHEMA_FILE), specJsonSchemaText())
  return answerOf(folder, written)
}

async function askedFile(folder: string, deps: InitDeps): Promise<NewFile> {
  const { prompts, inferColumns } = deps
  if (prompts === undefined) {
    const wayOut = 'Run it in a terminal, or copy an example: `refit init --example flights`.'
    throw new RefitError('InvalidInput', `Cannot ask questions: nobody is at the terminal. ${wayOut}`)
  }
  const spec = await askSpec({ prompts, inferColumns, folder: resolve(folder), suggestedName: nameOf(resolve(folder)) })
  return { name: SPEC_FILE, content: renderSpec(spec) }
}

/** A model name made of a folder's. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-$/, '')
  return name === '' ? 'model' : name.slice(0, 63)
}

async function refuseToOverwrite(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await exists(join(folder, name))) throw alreadyThere(folder, name)
  }
}

async function writeFiles(folder: string, files: readonly NewFile[], force: boolean): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Without --force a file that appeared while questions were answered is not overwritten either.
  const flag = force ? 'w' : 'wx'
  for (const { name, content } of files) await writeFile(join(folder, name), content, { flag })
}

function alreadyThere(folder: string, name: string): RefitError {
  const wayOut = 'Use --force to overwrite it, or --folder for another place.'
  return new RefitError('InvalidInput', `Cannot write "${join(folder, name)}": it exists. ${wayOut}`)
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

function answerOf(folder: string, files: readonly NewFile[]): Answer {
  const spec = files.find(({ name }) => name === SPEC_FILE)
  const parsed = parseSpec(String(spec?.content ?? ''))
  const problems = parsed.ok ? [] : parsed.problems
  const paths = [...files.map(({ name }) => name), SCHEMA_FILE].map((name) => join(folder, name))
  const enter = resolve(folder) === process.cwd() ? '' : `cd ${folder} && `
  const next =
    problems.length === 0 ? `Next: ${enter}refit validate` : formatProblems(problems, join(folder, SPEC_FILE))
  const text = [...paths.map((path) => `wrote ${path}`), '', next].join('\n')
  // Answers that do not fit together are kept: correcting a line is less work than answering again.
  return { exitCode: problems.length === 0 ? 0 : 2, json: { files: paths, problems }, text }
}
