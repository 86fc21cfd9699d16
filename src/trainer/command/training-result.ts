import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, RefitError } from '../../errors.js'
import { PredictorSpec } from '../../predictor/package.js'
import type { TrainingResult } from '../trainer.js'
import { fileInside } from './file-inside.js'

/** What a program writes into `result.json` of its output folder when it is done. */
export const ResultFile = z.strictObject({
  predictor: PredictorSpec.describe('how the trained model is opened'),
  files: z.array(z.string().min(1)).describe('files in the output folder that belong to the package'),
  rowsTrained: z.number().int().nonnegative().describe('rows trained on'),
  metrics: z.record(z.string(), z.number()).default({}).describe('metrics on the validation rows'),
  parity: z.number().nonnegative().exactOptional().describe('largest difference of the trained and the exported model'),
  summary: z.string().min(1).max(2000).describe('one line for the report'),
})

/** A result names files and numbers; a larger file is something else. */
const MAX_BYTES = 1024 * 1024

/** Reads and checks `result.json`. Rejects with `TrainingFailed`, permanent, naming all that is wrong. */
export async function readTrainingResult(outputFolder: string): Promise<TrainingResult> {
  const parsed = ResultFile.safeParse(await readJson(join(outputFolder, 'result.json')))
  if (!parsed.success) throw badResult(parsed.error.issues.map(problemOf))
  const result = parsed.data
  const problems = [...(await fileProblems(outputFolder, result.files)), ...predictorProblems(result)]
  if (problems.length > 0) throw badResult(problems)
  return result
}

async function readJson(file: string): Promise<unknown> {
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw badResult(['expected a file that the program writes last, found none'])
  if (found.size > MAX_BYTES) throw badResult([`expected at most ${MAX_BYTES} bytes, found ${found.size}`])
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (thrown) {
    throw badResult([`expected JSON: ${messageOf(thrown)}`])
  }
}

function problemOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  const text = issue.message.replace(/^Invalid input: /, '').replace(/^Unrecognized key/, 'unknown key')
  return `${path.replace(/^\./, '') || 'the result'}: ${text}`
}

async function fileProblems(folder: string, files: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(files.map((name) => fileInside(folder, name)))
  const refused = found.flatMap((file, i) => (file.kind === 'refused' ? [`files[${i}]: ${file.reason}`] : []))
  const twice = files.flatMap((name, i) => (files.indexOf(name) < i ? [`files[${i}]: "${name}" is named twice`] : []))
  return [...refused, ...twice]
}

/** A predictor opens only with what is in the package: everything it needs must be among the files. */
function predictorProblems({ predictor, files }: z.infer<typeof ResultFile>): readonly string[] {
  const missing = (path: string, name: string): readonly string[] =>
    files.includes(name) ? [] : [`${path}: "${name}" is not among the files`]
  if (predictor.kind === 'onnx') return missing('predictor.file', predictor.file)
  if (predictor.kind !== 'command') return []
  return predictor.command.flatMap((part, i) => {
    const name = /^\{package\}\/(.+)$/.exec(part)?.[1]
    return name === undefined ? [] : missing(`predictor.command[${i}]`, name)
  })
}

function badResult(problems: readonly string[]): RefitError {
  const list = problems.map((problem) => `\n  ${problem}`).join('')
  const text = `Cannot use what the trainer made: its result.json is not as expected.${list}\n`
  return new RefitError('TrainingFailed', `${text}The fields are described in docs/trainers.md.`, { permanent: true })
}
