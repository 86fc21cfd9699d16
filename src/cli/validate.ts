import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { SourceMeasure } from '../data/measure/measure.js'
import type { ExpressionProblem } from '../data/rules/expressions.js'
import { messageOf, RefitError } from '../errors.js'
import { feedSpec, feedsOf } from '../spec/datasets.js'
import { parseSpec, placeProblem } from '../spec/parse.js'
import { formatProblems, type SpecProblem } from '../spec/problem.js'
import type { ModelSpec } from '../spec/spec.js'
import { describeFeed, describeSource, sourceWarnings } from './describe-source.js'
import { type Answer, answers } from './verb.js'

/** What `refit validate` needs of the data room. */
export interface ValidateDeps {
  /** Prepares each SQL expression of the spec against its columns. */
  checkExpressions(spec: ModelSpec): Promise<readonly ExpressionProblem[]>
  /** Reads the files that the spec names, and counts. */
  measureSource(input: { readonly spec: ModelSpec; readonly folder: string }): Promise<SourceMeasure>
}

interface ValidateOptions {
  readonly data: boolean
}

/** `refit validate [FILE]`: all problems of a spec at once, then what its data look like. Exit code 2 on problems. */
export function validateCommand(program: Command, deps: ValidateDeps): void {
  const command = program
    .command('validate [file]')
    .description('check a model spec: all problems at once, then what its data look like')
    .option('--no-data', 'do not look at the data')
  answers<ValidateOptions>(command, ([file = 'refit.yaml'], { data }) => validateSpec(file, { data }, deps))
}

/** Checks the spec in `file`: by itself, then its SQL, then the data unless they are left out. */
export async function validateSpec(file: string, options: ValidateOptions, deps: ValidateDeps): Promise<Answer> {
  const text = await readText(file)
  const parsed = parseSpec(text)
  if (!parsed.ok) return rejected(file, parsed)
  const { spec, warnings } = parsed
  const broken = await deps.checkExpressions(spec)
  if (broken.length > 0) {
    return rejected(file, { problems: broken.map((problem) => placeExpression(text, problem)), warnings })
  }
  if (!options.data) return accepted(file, { spec, warnings, measure: null, feeds: [] })
  const folder = dirname(resolve(file))
  const measure = await deps.measureSource({ spec, folder })
  const feeds: [string, SourceMeasure][] = []
  for (const [name] of feedsOf(spec))
    feeds.push([name, await deps.measureSource({ spec: feedSpec(spec, name), folder })])
  const found = sourceWarnings(spec, measure).map((warning) => placeProblem(text, warning))
  return accepted(file, { spec, warnings: [...warnings, ...found], measure, feeds })
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const reason = messageOf(cause).includes('ENOENT') ? 'there is no such file' : messageOf(cause)
    const wayOut = 'Name the file, or make one with `refit init`.'
    throw new RefitError('InvalidInput', `Cannot read the spec "${file}": ${reason}. ${wayOut}`, { cause })
  }
}

/** DuckDB ends its sentences itself; ours goes on after it. */
function placeExpression(text: string, { path, expected, found }: ExpressionProblem): SpecProblem {
  return placeProblem(text, {
    path,
    expected,
    found: found.replace(/[.!]+$/, ''),
    wayOut: 'Correct it: DuckDB runs it.',
  })
}

interface Rejection {
  readonly problems: readonly SpecProblem[]
  readonly warnings: readonly SpecProblem[]
}

function rejected(file: string, { problems, warnings }: Rejection): Answer {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const lines = [formatProblems(problems, file), ...warningLines(file, warnings), '', `${count} in ${file}.`]
  return { exitCode: 2, json: { valid: false, file, problems, warnings }, text: lines.join('\n') }
}

interface Acceptance {
  readonly spec: ModelSpec
  readonly warnings: readonly SpecProblem[]
  readonly measure: SourceMeasure | null
  readonly feeds: readonly (readonly [name: string, SourceMeasure])[]
}

function accepted(file: string, { spec, warnings, measure, feeds }: Acceptance): Answer {
  const { model } = spec
  const lines = [
    `${file} is a valid spec of the model "${model}".`,
    ...(measure === null ? [] : describeSource(measure)),
    ...feeds.flatMap(([name, found]) => describeFeed(name, found)),
    ...warningLines(file, warnings),
  ]
  const more = feeds.length === 0 ? {} : { feeds: Object.fromEntries(feeds) }
  return { json: { valid: true, file, model, problems: [], warnings, data: measure, ...more }, text: lines.join('\n') }
}

function warningLines(file: string, warnings: readonly SpecProblem[]): readonly string[] {
  return warnings.length === 0 ? [] : ['', 'Warnings:', formatProblems(warnings, file)]
}
