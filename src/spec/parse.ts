import { checkColumnNames, checkEventTime, checkFeatures, checkKey, checkLabelLeak } from './check-data.js'
import { checkFeedKeys, checkFeedNames, checkFeedTimes, checkLabelRequest, checkLabelThere } from './check-labels.js'
import { checkColumnLimits } from './check-limits.js'
import {
  checkCosts,
  checkExplanations,
  checkPartialWays,
  checkPolicyOrder,
  checkTarget,
  checkThreshold,
} from './check-policy.js'
import { explainIssue } from './explain-issue.js'
import { outlineOf, type SpecOutline } from './outline.js'
import { type Finding, formatPath, parsePath, type SpecProblem } from './problem.js'
import { placeFindings, readSource, type SpecSource } from './source.js'
import { ModelSpec } from './spec.js'
import { foundValue } from './wording.js'

/** A spec, or everything that is wrong with it, in the order of the lines. Warnings do not forbid to use it. */
export type ParsedSpec =
  | { readonly ok: true; readonly spec: ModelSpec; readonly warnings: readonly SpecProblem[] }
  | { readonly ok: false; readonly problems: readonly SpecProblem[]; readonly warnings: readonly SpecProblem[] }

/** What is checked between fields, beyond each field by itself. */
const CHECKS: readonly ((outline: SpecOutline) => readonly Finding[])[] = [
  checkColumnNames,
  checkColumnLimits,
  checkKey,
  checkEventTime,
  checkFeatures,
  checkLabelLeak,
  checkLabelThere,
  checkFeedNames,
  checkFeedKeys,
  checkFeedTimes,
  checkLabelRequest,
  checkThreshold,
  checkCosts,
  checkPolicyOrder,
  checkTarget,
  checkPartialWays,
  checkExplanations,
]

/** Reads the YAML of a model spec: types, defaults and what fields mean together. Never throws. */
export function parseSpec(text: string): ParsedSpec {
  const source = readSource(text)
  if (source.isBroken) return { ok: false, problems: inOrder(source.problems), warnings: [] }
  if (!isMapping(source.data)) return { ok: false, problems: [notAMapping(source)], warnings: [] }
  const parsed = ModelSpec.safeParse(source.data)
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => explainIssue(issue, source.data))
  const outline = outlineOf(source.data)
  const findings = withoutEchoes([...issues, ...CHECKS.flatMap((check) => check(outline))])
  const errors = placeFindings(
    source,
    findings.filter(({ level }) => level === 'error'),
  )
  const warnings = inOrder(
    placeFindings(
      source,
      findings.filter(({ level }) => level === 'warning'),
    ),
  )
  const problems = inOrder([...source.problems, ...errors])
  return parsed.success && problems.length === 0
    ? { ok: true, spec: parsed.data, warnings }
    : { ok: false, problems, warnings }
}

/** Gives a problem that was found elsewhere, such as in the SQL of `data.derived.hour.sql`, its line in the text. */
export function placeProblem(text: string, problem: Omit<SpecProblem, 'line' | 'column'>): SpecProblem {
  return { ...readSource(text).position(parsePath(problem.path), 'value'), ...problem }
}

/** A misspelt key is one mistake, though the key that was meant is then missing too. */
function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const meant = new Set(
    findings.flatMap(({ path, meant: key }) => (key === undefined ? [] : [formatPath([...path.slice(0, -1), key])])),
  )
  return findings.filter(({ path, found }) => found !== foundValue(undefined) || !meant.has(formatPath(path)))
}

function inOrder(problems: readonly SpecProblem[]): readonly SpecProblem[] {
  return problems.toSorted((left, right) => left.line - right.line || left.column - right.column)
}

function notAMapping(source: SpecSource): SpecProblem {
  const found = source.data === null || source.data === undefined ? 'an empty file' : foundValue(source.data)
  const wayOut = 'Start from an example: refit init --example flights.'
  return { line: 1, column: 1, path: '', expected: 'a mapping with the keys of a model spec', found, wayOut }
}

const isMapping = (data: unknown): boolean => typeof data === 'object' && data !== null && !Array.isArray(data)
