import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RefitError } from '../errors.js'
import { SCHEMA_FILE, SCHEMA_LINE } from '../spec/render-spec.js'

/** Name of a spec unless its owner chose another one. */
export const SPEC_FILE = 'refit.yaml'

/** The examples that `refit init` can copy, and the files that they share with another one. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  flights: [],
  'flights-lightgbm': ['flights/months.mjs'],
}

/** Names of the examples. */
export const EXAMPLE_NAMES = Object.keys(EXAMPLES)

/** A file to be written: its name in the folder of the spec, and its bytes. */
export interface NewFile {
  readonly name: string
  readonly content: string | Uint8Array
}

/** The files of an example, its spec with the line that names the schema for editors. */
export async function exampleFiles(name: string): Promise<readonly NewFile[]> {
  const shared = EXAMPLES[name]
  if (shared === undefined) {
    const known = EXAMPLE_NAMES.join(', ')
    throw new RefitError('InvalidInput', `Cannot copy the example "${name}": there is none. Choose one of: ${known}.`)
  }
  // The same distance from src/cli and from its compiled form; the package ships the folder.
  const examples = fileURLToPath(new URL('../../../examples/', import.meta.url))
  const entries = await readdir(join(examples, name), { withFileTypes: true })
  const own = entries
    .filter((entry) => entry.isFile() && !isLeftOver(entry.name))
    .map((entry) => join(name, entry.name))
  const paths = [...own, ...shared].sort()
  return await Promise.all(paths.map((path) => readExampleFile(join(examples, path))))
}

/** What working inside the example leaves behind. */
const isLeftOver = (name: string): boolean => name.startsWith('.') || name === SCHEMA_FILE

async function readExampleFile(path: string): Promise<NewFile> {
  const name = basename(path)
  if (name !== SPEC_FILE) return { name, content: await readFile(path) }
  return { name, content: SCHEMA_LINE + (await readFile(path, 'utf8')) }
}
