/** `refit labels`: what answers came, and asking people about rows that have none. */
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig } from '../config.js'
import { openSnapshot } from '../data/dataset/snapshot.js'
import { type AnswerAccount, accountForAnswers } from '../data/labels/answer-account.js'
import { feedPositions, latestAnswer } from '../data/labels/answers.js'
import { exportRequest } from '../data/labels/label-request-file.js'
import { RefitError } from '../errors.js'
import { labelRequestLog, listLabelRequests, type NumberedRequest } from '../ledger/label-requests.js'
import { latestSpec } from '../ledger/spec-revisions.js'
import { LabelRequest } from '../spec/label-feed.js'
import type { ModelSpec } from '../spec/spec.js'
import { nowBy } from '../stages/decide.js'
import { type FeedSummary, readFeedSummaries } from '../stages/feed-summaries.js'
import { lookAtRequest, type RequestLook } from '../stages/look-at-request.js'
import type { Ports } from '../stages/ports.js'
import { requestLabels } from '../stages/request-labels.js'
import { openPorts } from '../wiring.js'
import { whichModel, whoAsks, wholeNumber } from './session.js'
import { table } from './table.js'
import { type Answer, answers } from './verb.js'
import { countText, timeText } from './words.js'

/** Registers the verbs. */
export function labelsCommand(program: Command): void {
  const labels = program.command('labels').description('answers that came by feeds, and asking people for more')
  requestCommand(labels)
  exportCommand(labels)
  statusCommand(labels)
}

interface RequestOptions {
  readonly rows: string
  readonly randomShare: string
  readonly waitDays: string
  readonly seed?: string
  readonly to?: string
}

function requestCommand(labels: Command): void {
  const { randomShare, waitDays } = LabelRequest.parse({ rows: 1 })
  const command = labels
    .command('request [model]')
    .description('choose rows without a label, some at random and some that teach most, and write them to a file')
    .requiredOption('--rows <number>', 'how many rows')
    .option('--random-share <share>', 'share of them that is drawn at random', String(randomShare))
    .option('--wait-days <days>', 'days for which none of them is asked about again', String(waitDays))
    .option('--seed <number>', "seed of the draw; the trainer's unless given")
    .option('--to <file>', 'where to: .csv, .jsonl or .parquet; MODEL-labels-N.csv unless given')
  answers<RequestOptions>(command, async ([named], options) => {
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const model = await whichModel(ports.storage, named)
    const { spec } = await latestSpec(ports.storage, model)
    const request = await requestLabels(ports, { ...asked(options, spec), id: randomUUID(), actor: whoAsks() }, AT_EASE)
    if (request === undefined)
      return { json: { model, request: null }, text: `"${model}": there is no row to ask about.` }
    const to = await write(ports, { spec, request, to: options.to })
    const { random, uncertain, population, champion } = request.body
    const sure =
      champion === null ? '' : ` and ${countText(uncertain, 'row')} on which version ${champion} is least certain`
    const text = `Request ${request.seq} of "${model}": ${countText(random, 'row')} at random${sure}, of ${population} that could be asked about. They are in ${to}.`
    return { json: { model, request: request.seq, to, ...request.body }, text }
  })
}

/** Nobody waits for a sign of life. */
const AT_EASE = { signal: new AbortController().signal, attempt: 1, show: () => {} }

function asked({ rows, randomShare, waitDays, seed }: RequestOptions, spec: ModelSpec) {
  const given = { rows: Number(rows), randomShare: Number(randomShare), waitDays: Number(waitDays) }
  const parsed = LabelRequest.safeParse(given)
  if (parsed.success) {
    return { ...parsed.data, spec, seed: seed === undefined ? spec.trainer.seed : wholeNumber(seed, 'seed') }
  }
  const problems = parsed.error.issues.map(({ path, message }) => `--${OPTIONS[String(path[0])]}: ${message}`)
  throw new RefitError('InvalidInput', `Cannot request labels: ${problems.join('; ')}.`)
}

const OPTIONS: Readonly<Record<string, string>> = {
  rows: 'rows',
  randomShare: 'random-share',
  waitDays: 'wait-days',
}

function exportCommand(labels: Command): void {
  const command = labels
    .command('export <request>')
    .description('write the rows of an earlier request to a file again')
    .option('--to <file>', 'where to: .csv, .jsonl or .parquet; MODEL-labels-N.csv unless given')
    .option('--model <model>', 'the model, where there are several')
  answers<{ to?: string; model?: string }>(command, async ([number], options) => {
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const model = await whichModel(ports.storage, options.model)
    const seq = wholeNumber(number, 'request')
    const request = seq === 0 ? undefined : await labelRequestLog(ports.storage, model).at(seq)
    if (request === undefined)
      throw new RefitError(
        'NotFound',
        `Cannot find request ${seq} of "${model}". See \`refit labels status ${model}\`.`,
      )
    const { spec } = await latestSpec(ports.storage, model)
    const to = await write(ports, { spec, request, to: options.to })
    return { json: { model, request: seq, to }, text: `Request ${seq} of "${model}" is in ${to}.` }
  })
}

async function write(
  { data }: Ports,
  {
    spec,
    request,
    to,
  }: { readonly spec: ModelSpec; readonly request: NumberedRequest; readonly to: string | undefined },
): Promise<string> {
  const path = resolve(to ?? `${spec.model}-labels-${request.seq}.csv`)
  await exportRequest(data, { spec, rows: request.body.rows, to: path })
  return path
}

function statusCommand(labels: Command): void {
  const command = labels
    .command('status [model]')
    .description('what came by each feed and what became of it, and what was asked and answered')
  answers(command, async ([named]) => {
    const ports = await openPorts(readConfig(process.env), { mustExist: true })
    const model = await whichModel(ports.storage, named)
    const { spec } = await latestSpec(ports.storage, model)
    const feeds = await accountsOf(ports, spec)
    const requests: RequestLook[] = []
    for (const request of await listLabelRequests(ports.storage, model)) {
      requests.push(await lookAtRequest(ports, spec, request))
    }
    return { json: { model, feeds, requests }, text: statusText(model, feeds, requests) }
  })
}

type FeedLook = FeedSummary & { readonly account: AnswerAccount | undefined }

async function accountsOf(ports: Ports, spec: ModelSpec): Promise<readonly FeedLook[]> {
  const { data, now } = ports
  const snapshot = await openSnapshot(data, spec.model)
  const answers = await feedPositions(data, spec)
  const asOf = nowBy(spec, snapshot, now(), await latestAnswer(data, spec, answers))
  const accounts = await accountForAnswers(data, { spec, snapshot, answers, asOf })
  return (await readFeedSummaries(ports, spec)).map((feed) => ({ ...feed, account: accounts.get(feed.feed) }))
}

function statusText(model: string, feeds: readonly FeedLook[], requests: readonly RequestLook[]): Answer['text'] {
  if (feeds.length === 0) return `"${model}" has no feeds of labels: its labels come with its rows. See data.labels.`
  const heading = ['feed', 'kind', 'weight', 'answers', 'joined', 'before event', 'too late', 'no event', 'quarantined']
  const rows = feeds.map(({ feed, kind, weight, kept, quarantined, account }) => [
    ...[feed, kind, String(weight), String(kept), String(account?.joined ?? 0), String(account?.beforeEvent ?? 0)],
    ...[String(account?.tooLate ?? 0), String(account?.noEvent ?? 0), String(quarantined)],
  ])
  return [table(heading, rows), ...(requests.length === 0 ? [] : [requestTable(requests)])].join('\n\n')
}

function requestTable(requests: readonly RequestLook[]): string {
  const part = ({ asked, answered }: RequestLook['answered']['random']) => `${answered} of ${asked}`
  return table(
    ['request', 'asked', 'by', 'random', 'uncertain', 'positive of random', 'waits until'],
    requests.map(({ request, askedAt, askedBy, answered: { random, uncertain }, ...state }) => [
      ...[String(request), timeText(askedAt), askedBy, part(random), part(uncertain), String(random.positive)],
      stateText(state),
    ]),
  )
}

function stateText({
  isForgotten,
  isOpen,
  missing,
  openUntil,
}: Pick<RequestLook, 'isForgotten' | 'isOpen' | 'missing' | 'openUntil'>): string {
  if (isForgotten) return 'forgotten'
  if (isOpen) return timeText(openUntil)
  return missing === 0 ? 'answered' : 'closed'
}
