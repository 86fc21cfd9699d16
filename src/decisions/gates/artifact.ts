import type { JudgeInput } from '../judge-input.js'
import { count, decimal } from '../plain-numbers.js'
import type { GateResult } from '../verdict.js'

const MEGABYTE = 1_000_000

/** G0: the package opens, answers finite scores, the same twice and alone as in a batch, and is small enough. */
export function artifactGate({ artifact, candidate }: JudgeInput): GateResult {
  const { sizeBytes, maxSizeBytes, detail } = artifact
  const odd =
    artifact.notFinite + candidate.scores.reduce((found, score) => found + (Number.isFinite(score) ? 0 : 1), 0)
  const size = `${decimal(sizeBytes / MEGABYTE, 3)} MB`
  const problems = [
    ...(artifact.loads ? [] : ['It does not load.']),
    ...(artifact.repeatable ? [] : ['The same rows twice gave different scores.']),
    ...(artifact.batchEqualsSingle ? [] : ['A row alone and in a batch gave different scores.']),
    ...(odd === 0 ? [] : [`${count(odd)} scores are not finite.`]),
    ...(sizeBytes <= maxSizeBytes
      ? []
      : [`It has ${size}; at most ${decimal(maxSizeBytes / MEGABYTE, 3)} MB are allowed.`]),
  ]
  const text = [...problems, ...(problems.length > 0 && detail !== '' ? [detail] : [])].join(' ')
  return {
    gate: 'G0',
    title: 'The package works',
    verdict: problems.length === 0 ? 'pass' : 'fail',
    text: problems.length === 0 ? `It loads, answers the same twice and alone as in a batch, and has ${size}.` : text,
    estimate: sizeBytes,
    bound: null,
    limit: maxSizeBytes,
    rows: candidate.scores.length,
  }
}
