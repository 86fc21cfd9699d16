/** Rows that a producer sends: who calls is checked, then the body goes where it is durable. */
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { PushKey } from '../../source/inbox.js'
import type { FormatKind } from '../../source/source.js'
import { Name } from '../../spec/columns.js'
import { feedDataset } from '../../spec/datasets.js'
import { isBearer } from '../alerts/authenticity.js'
import type { WebDependencies } from '../dependencies.js'
import { isModelName } from '../model-name.js'
import { answerFailure, answerProblems } from '../problem-answer.js'
import { pushBody } from './push-body.js'

const FORMATS: Readonly<Record<string, FormatKind>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'json',
  'application/jsonl': 'json',
  'application/vnd.apache.parquet': 'parquet',
}

/**
 * Routes `POST /:model` and `POST /:model/labels/:feed`: the body becomes a push of rows or of answers, under the
 * `Idempotency-Key` of the caller.
 */
export function pushRoute(dependencies: WebDependencies): Hono {
  const take = (context: Context) => receive(context, dependencies)
  return new Hono().post('/:model', take).post('/:model/labels/:feed', take)
}

async function receive(context: Context, { pushes, secrets }: WebDependencies): Promise<Response> {
  if (pushes === undefined || secrets.pushToken === undefined) {
    return refuse(context, 403, [
      'Cannot take pushes: this receiver has no token. Ask its operator to set REFIT_PUSH_TOKEN.',
    ])
  }
  if (!isBearer(context.req.header('authorization'), secrets.pushToken)) {
    context.header('WWW-Authenticate', 'Bearer')
    return refuse(context, 401, ['authorization: expected "Bearer" and the token for pushes.'])
  }
  const request = readHeaders(context)
  if ('problems' in request) return refuse(context, request.status, request.problems)

  const model = datasetOf(context)
  if (model === undefined || !(await pushes.reception.knows(model))) return refuse(context, 404, [notFound(context)])
  const { key, format, isGzipped } = request
  const chunks = pushBody({ body: context.req.raw.body, isGzipped, maxBytes: pushes.maxBytes })
  try {
    return context.json(await pushes.reception.receive({ model, key, format, chunks }), 202)
  } catch (thrown) {
    // What is wrong with the body is told while the rest of it may still be on its way.
    if (!(thrown instanceof HTTPException)) throw thrown
    context.header('Connection', 'close')
    return answerFailure(context, thrown)
  }
}

/** The dataset that is pushed to; `undefined` for what can be none. */
function datasetOf(context: Context): string | undefined {
  const { model = '', feed } = context.req.param()
  if (!isModelName(model)) return undefined
  if (feed === undefined) return model
  return Name.safeParse(feed).success ? feedDataset(model, feed) : undefined
}

function notFound(context: Context): string {
  const { model, feed } = context.req.param()
  if (feed === undefined) return `Cannot find a model ${JSON.stringify(model)}. Apply its spec with \`refit apply\`.`
  return `Cannot find a feed ${JSON.stringify(feed)} of "${model}" that takes pushes. Name it in data.labels, with a source of kind push.`
}

/** The rest of the body stays unread: the connection is of no use for another request. */
function refuse(context: Context, status: 400 | 401 | 403 | 404 | 415, problems: readonly string[]): Response {
  context.header('Connection', 'close')
  return answerProblems(context, status, problems)
}

type Headers =
  | { readonly key: string; readonly format: FormatKind; readonly isGzipped: boolean }
  | { readonly status: 400 | 415; readonly problems: readonly string[] }

function readHeaders(context: Context): Headers {
  const key = context.req.header('idempotency-key') ?? ''
  if (!PushKey.safeParse(key).success) {
    const found = key === '' ? 'nothing' : JSON.stringify(key.slice(0, 80))
    return { status: 400, problems: [`idempotency-key: expected 1 to 200 visible ASCII characters, got ${found}.`] }
  }
  const type = context.req.header('content-type') ?? ''
  const format = FORMATS[type.split(';')[0]?.trim().toLowerCase() ?? '']
  const encoding = (context.req.header('content-encoding') ?? 'identity').trim().toLowerCase()
  const problems = [
    ...(format === undefined ? [`content-type: expected ${Object.keys(FORMATS).join(', ')}, got "${type}".`] : []),
    ...(encoding === 'identity' || encoding === 'gzip' ? [] : [`content-encoding: expected gzip, got "${encoding}".`]),
  ]
  if (format === undefined || problems.length > 0) return { status: 415, problems }
  return { key, format, isGzipped: encoding === 'gzip' }
}
