import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openSnapshot } from '../../data/dataset/snapshot.js'
import { closeScorer, openScorer, type Scorer } from '../../stages/packages.js'
import { scoreRows } from '../../stages/scoring.js'
import { auc } from '../../statistics/auc.js'
import { objectFile } from '../../storage/objects.js'
import type { DemoStage } from './stage.js'
import type { ToldMonth } from './story.js'

/** AUC of the rule, of the model of January, and of the champion in place, on one month. */
export interface MonthAuc {
  readonly month: string
  readonly rule: number
  readonly january: number
  readonly champion: number
  /** The champion's version. */
  readonly version: number
}

/** Scores each month after January by who served when it arrived: the rule, the January model, the champion in place. */
export async function scoreMonths(stage: DemoStage, months: readonly ToldMonth[]): Promise<readonly MonthAuc[]> {
  const january = months[0]?.seen.record.version
  if (january == null) throw new Error('January made no model: there is nothing to compare')
  const scored: MonthAuc[] = []
  for (const { month, champion } of months.slice(1)) scored.push(await scoreMonth(stage, month, { january, champion }))
  return scored
}

async function scoreMonth(
  { stack, model }: DemoStage,
  month: string,
  { january, champion }: { readonly january: number; readonly champion: number },
): Promise<MonthAuc> {
  const { ports } = stack
  const { commits, partitions } = await openSnapshot(ports.data, model)
  const commit = commits.find(({ source }) => source.path.endsWith(`${month}.parquet`))
  const partition = partitions.find(({ entry }) => entry === commit?.seq)?.object
  if (partition === undefined) throw new Error(`${month} was not ingested`)
  const folder = await mkdtemp(join(ports.data.scratchFolder, 'months-'))
  const open = async (name: string, version: number) =>
    openScorer(ports, (await ports.registry.version(model, version)).package, join(folder, name))
  const scorers: Record<string, Scorer> = {
    rule: await open('rule', 0),
    january: await open('january', january),
    champion: await open('champion', champion),
  }
  try {
    const files = [await objectFile(ports.storage, partition)]
    const { labels, scores } = await scoreRows(ports.data, { files, label: '_label::INT', scorers })
    const of = (name: string) => auc(labels, scores[name] ?? new Float64Array())
    return { month, rule: of('rule'), january: of('january'), champion: of('champion'), version: champion }
  } finally {
    await Promise.all(Object.values(scorers).map(closeScorer))
    await rm(folder, { recursive: true, force: true })
  }
}
