import type { Artifact, RunRecord } from '../../../decisions/run-record.js'
import { facts, table } from '../../elements.js'
import { count, size } from '../../format.js'
import { html } from '../../markup.js'
import type { Section } from '../section.js'

/** What everything was made from, down to the digests: who has these can make it again. */
export function lineageSection(record: RunRecord): Section {
  const { selection, training, judgement, evidence } = record
  const artifacts: readonly (readonly [string, Artifact])[] = [
    ...(selection === null
      ? []
      : ([
          ['training rows', selection.training],
          ['validation rows', selection.validation],
          ['holdout', selection.holdout],
        ] as const)),
    ...Object.entries(training?.files ?? {}).map(([file, artifact]) => [`model: ${file}`, artifact] as const),
  ]
  const body = html`${facts([
    ['Spec', `revision ${record.spec.revision}`],
    ['Dataset', record.snapshot === null ? null : `as of commit ${record.snapshot}`],
    ['Commits looked at', evidence && commitsText(evidence.liveCommits)],
    ['Parent', training && (training.parent === null ? 'none, trained from nothing' : `version ${training.parent}`)],
    [
      'Judged against',
      judgement && `version ${judgement.champion.version}, move ${judgement.champion.aliasSeq} of the alias`,
    ],
    ['Became', record.version === null ? 'no version' : `version ${record.version}`],
  ])}
${artifacts.length > 0 && artifactsTable(artifacts)}`
  return { id: 'lineage', title: 'Lineage', body }
}

function commitsText(commits: readonly number[]): string {
  const [first, last] = [commits[0], commits.at(-1)]
  if (first === undefined) return 'none'
  return commits.length > 8 ? `${first} … ${last}, ${count(commits.length)} commits` : commits.join(', ')
}

const artifactsTable = (artifacts: readonly (readonly [string, Artifact])[]) =>
  table({
    caption: 'Objects of the store, with the SHA-256 of their bytes',
    columns: [
      { title: 'What' },
      { title: 'Where' },
      { title: 'Rows', kind: 'number' },
      { title: 'Size', kind: 'number' },
    ],
    rows: artifacts.map(([what, { uri, sha256, bytes, rows }]) => [
      what,
      html`<code>${uri}</code><code class="digest">${sha256}</code>`,
      count(rows),
      size(bytes),
    ]),
  })
