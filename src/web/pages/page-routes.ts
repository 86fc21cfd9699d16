import { type Context, Hono } from 'hono'
import { isRefitError } from '../../errors.js'
import { noModel, noRun } from '../api-routes.js'
import type { WebDependencies } from '../dependencies.js'
import { page } from '../layout.js'
import { html } from '../markup.js'
import { isModelName } from '../model-name.js'
import { readModel, readOutage, readOverview } from '../overview.js'
import { RETRY_AFTER_SECONDS, sentenceOf, statusOf } from '../problem-answer.js'
import { renderReport } from '../report/render-report.js'
import { pageNumber, runNumber } from '../route-numbers.js'
import { homePage } from './home-page.js'
import { modelPage } from './model-page.js'
import { outagePage } from './outage-page.js'

/** The pages for people: `GET /`, `/models/:model` and `/runs/:model/:run`. */
export function pageRoutes(dependencies: WebDependencies): Hono {
  const { temporalUi } = dependencies
  const pages = new Hono()
  pages.get('/', async (context) => {
    const search = context.req.query('search') ?? ''
    try {
      const overview = await readOverview(dependencies, { search, page: pageNumber(context.req.query('page')) })
      return context.html(homePage(overview, dependencies.now()))
    } catch (thrown) {
      if (!isRefitError(thrown, 'StoreUnavailable')) throw thrown
      context.header('Retry-After', String(RETRY_AFTER_SECONDS))
      return context.html(outagePage(await readOutage(dependencies, thrown.message), dependencies.now()), 503)
    }
  })
  pages.get('/models/:model', async (context) => {
    const name = context.req.param('model')
    const detail = isModelName(name) ? await readModel(dependencies, name) : undefined
    if (detail === undefined) return context.html(problemPage(noModel(name)), 404)
    return context.html(modelPage(detail, { now: dependencies.now(), temporalUi }))
  })
  pages.get('/runs/:model/:run', async (context) => {
    const { model, run } = context.req.param()
    const report = await readReport(dependencies, model, run)
    return report === undefined ? context.html(problemPage(noRun(model, run)), 404) : context.html(report)
  })
  pages.onError((failure, context) => answerWithPage(context, failure, dependencies))
  return pages
}

/** The stored report; for a run that is open, one of what it left behind so far. */
async function readReport(dependencies: WebDependencies, model: string, run: string): Promise<string | undefined> {
  const number = runNumber(run)
  if (!isModelName(model) || number === undefined) return undefined
  const stored = await dependencies.readReport(model, number)
  if (stored !== undefined) return stored
  const record = await dependencies.readRunRecord(model, number)
  const { temporalUi } = dependencies
  return record && renderReport(record, { statusPage: '/', ...(temporalUi !== undefined && { temporalUi }) })
}

function answerWithPage(
  context: Context,
  failure: unknown,
  dependencies: WebDependencies,
): Response | Promise<Response> {
  const status = statusOf(failure)
  if (status === 500) dependencies.reportFailure(failure)
  if (status === 503) context.header('Retry-After', String(RETRY_AFTER_SECONDS))
  return context.html(problemPage(sentenceOf(failure)), status)
}

const problemPage = (sentence: string): string =>
  page(
    { title: 'Refit', crumbs: html`<a href="/">Models</a>` },
    html`<h1>That did not work</h1><p class="lead">${sentence}</p>`,
  )
