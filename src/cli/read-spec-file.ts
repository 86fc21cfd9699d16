import { readFile } from 'node:fs/promises'
import { messageOf, RefitError } from '../errors.js'
import { parseSpec } from '../spec/parse.js'
import { formatProblems } from '../spec/problem.js'
import type { ModelSpec } from '../spec/spec.js'

/** Reads a spec that must be right. Rejects with every problem, or with why the file cannot be read. */
export async function readSpecFile(file: string): Promise<ModelSpec> {
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    const reason = messageOf(thrown).includes('ENOENT') ? 'there is no such file' : messageOf(thrown)
    const wayOut = 'Name another, or write one with `refit init`.'
    throw new RefitError('InvalidInput', `Cannot read the spec "${file}": ${reason}. ${wayOut}`)
  })
  const parsed = parseSpec(text)
  if (parsed.ok) return parsed.spec
  throw new RefitError('InvalidSpec', `Cannot use the spec "${file}":\n${formatProblems(parsed.problems, file)}`)
}
