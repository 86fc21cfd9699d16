/** The story that the demonstration tells. The data decide what comes of it; only the faults are scripted. */
import { randomUUID } from 'node:crypto'
import { paintFor } from '../terminal.js'
import { killWorkerInTraining, loseStore, stormOfAlerts } from './faults.js'
import type { DemoStage, SeenRun } from './stage.js'

/** A month with the champion that scored it before any of its rows was trained on. */
export interface ToldMonth {
  readonly month: string
  readonly champion: number
  readonly seen: SeenRun
}

/** What happened, for the checks. */
export interface ToldStory {
  readonly months: readonly ToldMonth[]
  /** Answers to the storm, by HTTP status, and the follow-up run that it became. */
  readonly storm: { readonly answers: Readonly<Record<string, number>>; readonly followUp: SeenRun }
  readonly worse: SeenRun
  readonly badData: SeenRun
  readonly rollback: { readonly from: number; readonly to: number }
}

/** Tells the story, chapter by chapter. */
export async function tellStory(stage: DemoStage): Promise<ToldStory> {
  const months: ToldMonth[] = []
  const { stack, model, say } = stage
  const month = async (name: string, during?: (run: number) => Promise<void>) => {
    const champion = await stage.champion()
    await stage.arrive(name)
    months.push({
      month: name,
      champion,
      seen: await stage.run({ trigger: 'data', reason: `${name} arrived` }, during),
    })
  }

  chapter(say, 'January arrives. A rule serves; a first model must beat it.')
  await month('2001-01')

  chapter(say, 'February arrives.')
  await month('2001-02')

  chapter(say, 'A file with bad rows and a corrupt file arrive. Both are accounted for; bad data retrain nothing.')
  await stage.land('2001-02-corrections.csv', CORRECTIONS)
  await stage.land('2001-02-late.parquet', CORRUPT)
  const badData = await stage.run({ trigger: 'data', reason: 'corrections arrived' })

  chapter(say, 'March arrives, and while it is ingested the store is gone for a while.')
  await month('2001-03', () => loseStore(stage))

  chapter(say, 'April arrives.')
  await month('2001-04')

  chapter(say, 'May arrives. If it trains, the worker is killed in the middle. Meanwhile five hundred alerts come in.')
  let answers: Readonly<Record<string, number>> = {}
  await month('2001-05', async (run) => {
    answers = await stormOfAlerts(stage)
    await killWorkerInTraining(stage, run)
  })
  say('  the storm has become one follow-up run')
  const followUp = await followNext(stage, months)

  chapter(say, 'Somebody wants a model of the last two days before the holdout only. It must not get through.')
  const worse = await stage.run({
    trigger: 'manual',
    reason: 'only the newest flights matter',
    input: { force: 'full', trainFrom: '2001-05-22T12:00:00' },
  })

  chapter(say, 'June arrives.')
  await month('2001-06')

  chapter(say, 'A person rolls the champion back.')
  const from = await stage.champion()
  const request = { id: randomUUID(), reason: 'complaints from the gates', actor: 'the demonstration' }
  const { version: to } = await stack.connection.client.rollback(model, request)
  say(`  version ${from} → version ${to}`)
  return { months, storm: { answers, followUp }, worse, badData, rollback: { from, to } }
}

/** The run after the newest one: the steward starts it by itself. */
async function followNext(stage: DemoStage, months: readonly ToldMonth[]): Promise<SeenRun> {
  const run = (months.at(-1)?.seen.record.run ?? 0) + 1
  const workflowId = `refit/${stage.model}/run/${run}`
  for (let i = 0; i < 100; i++) {
    if ((await stage.stack.connection.client.runStatus(workflowId)) !== undefined) return stage.follow(run, workflowId)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`The storm did not become run ${run}`)
}

function chapter(say: (line: string) => void, title: string): void {
  say('')
  say(paintFor().bold(title))
}

/** Four good rows, and one broken in each way that the spec forbids or a file can be. */
const CORRECTIONS = `date,delay,distance,origin,destination
2001-02-03 09:15:00,4,337,SAN,SFO
2001-02-03 10:40:00,22,1846,JFK,DEN
not a time,3,500,ABQ,PHX
2001-02-04 07:05:00,twelve,500,ABQ,PHX
2001-02-04 07:05:00,1,-20,ABQ,PHX
2001-02-04 07:05:00,1,500,Albuquerque,PHX
2001-02-04 07:05:00,1
2001-02-05 18:00:00,61,328,ABQ,PHX
2001-02-05 18:20:00,0,328,PHX,ABQ
`

/** Begins as Parquet does, and breaks off. */
const CORRUPT = new Uint8Array([
  ...new TextEncoder().encode('PAR1'),
  ...Array.from({ length: 4000 }, (_, i) => i % 251),
])
