import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { feedPositions, latestAnswer } from '../data/labels/answers.js'
import type { Evidence, FeatureDrift } from '../decisions/decision.js'
import { decisionHistory } from '../ledger/decision-log.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import { championOf } from '../stages/champion.js'
import { nowBy } from '../stages/decide.js'
import { gatherEvidence } from '../stages/gather-evidence.js'
import { openPorts } from '../wiring.js'
import { whichModel } from './session.js'
import { table } from './table.js'
import { answers } from './verb.js'
import { countText, numberText } from './words.js'

/** `refit drift [MODEL]`: what has moved since the last decision, without deciding anything. */
export function driftCommand(program: Command): void {
  const command = program
    .command('drift [model]')
    .description('what arrived since the last decision, held against the champion; decides nothing')
    .option('--all', 'look at everything that arrived, not only since the last decision')
  answers<{ all?: boolean }>(command, async ([named], { all = false }) => {
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const { storage, registry, data } = ports
    const model = await whichModel(storage, named)
    const { spec } = await latestSpec(storage, model)
    const { version: champion } = await championOf(registry, model)
    const history = await decisionHistory(storage, model)
    const snapshot = await openSnapshot(data, model)
    const answers = await feedPositions(data, spec)
    const evidence = await gatherEvidence(
      ports,
      {
        spec,
        asOf: nowBy(spec, snapshot, ports.now(), await latestAnswer(data, spec, answers)),
        snapshot,
        answers,
        champion,
        history: all ? { ...history, snapshot: 0, answers: {}, asOf: null } : history,
      },
      { signal: new AbortController().signal, attempt: 1, show: () => {} },
    )
    return { json: { model, evidence }, text: textOf(model, evidence) }
  })
}

function textOf(model: string, evidence: Evidence): string {
  const { liveRows, champion, features, scores, label, performance, dataProblems, weakLabels, answeredRows } = evidence
  const rows = features.map(featureRow)
  const lines = [
    `"${model}": ${countText(liveRows, 'row')} since the last decision, held against version ${champion.version}.`,
    ...(answeredRows === undefined
      ? []
      : [`labels became known of ${countText(answeredRows, 'row')} that were there before`]),
    ...dataProblems.map(({ text }) => `Bad data: ${text}`),
    ...(rows.length === 0 ? [] : [table(['feature', 'PSI', 'noise', 'KS', "Cramér's V", 'level'], rows)]),
    ...(scores === null ? [] : [`scores: PSI ${scores.psi.toFixed(4)}, ${scores.level}`]),
    ...(label === null ? [] : [`positive labels: ${percent(label.reference)} then, ${percent(label.live)} now`]),
    ...(weakLabels === undefined || weakLabels.rows === 0
      ? []
      : [`weak labels: ${numberText(weakLabels.rows)}, ${percent(weakLabels.positive / weakLabels.rows)} positive`]),
    ...(performance === null
      ? []
      : [
          `${performance.metric}: ${performance.reference.toFixed(4)} then, ${performance.live.toFixed(4)} now (z ${performance.z.toFixed(1)})`,
        ]),
  ]
  return lines.join('\n')
}

const featureRow = ({ column, psi, psiNoise, ks, cramersV, level }: FeatureDrift) => [
  column,
  psi.toFixed(4),
  psiNoise.toFixed(4),
  ks?.toFixed(4) ?? '',
  cramersV?.toFixed(4) ?? '',
  level,
]

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
