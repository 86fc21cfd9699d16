import { Hono } from 'hono'
import { isRefitError } from '../errors.js'
import type { WebDependencies } from './dependencies.js'
import { isModelName } from './model-name.js'
import { readModel, readOutage, readOverview } from './overview.js'
import { answerProblems, RETRY_AFTER_SECONDS } from './problem-answer.js'
import { pageNumber, runNumber } from './route-numbers.js'

/** The JSON of the status pages: `GET /models`, `/models/:model` and `/runs/:model/:run`. */
export function apiRoutes(dependencies: WebDependencies): Hono {
  return new Hono()
    .get('/models', async (context) => {
      const search = context.req.query('search') ?? ''
      try {
        return context.json(await readOverview(dependencies, { search, page: pageNumber(context.req.query('page')) }))
      } catch (thrown) {
        if (!isRefitError(thrown, 'StoreUnavailable')) throw thrown
        context.header('Retry-After', String(RETRY_AFTER_SECONDS))
        const { reason, ...rest } = await readOutage(dependencies, thrown.message)
        return context.json({ problems: [reason], ...rest }, 503)
      }
    })
    .get('/models/:model', async (context) => {
      const name = context.req.param('model')
      const model = isModelName(name) ? await readModel(dependencies, name) : undefined
      return model === undefined ? answerProblems(context, 404, [noModel(name)]) : context.json(model)
    })
    .get('/runs/:model/:run', async (context) => {
      const { model, run } = context.req.param()
      const number = runNumber(run)
      const isNamed = isModelName(model) && number !== undefined
      const record = isNamed ? await dependencies.readRunRecord(model, number) : undefined
      return record === undefined ? answerProblems(context, 404, [noRun(model, run)]) : context.json(record)
    })
}

/** The sentence for a model that the store does not know. */
export const noModel = (model: string): string =>
  `Cannot find model ${JSON.stringify(model)}: the store knows none of that name. Apply its spec with \`refit apply\`.`

/** The sentence for a run that the store does not know. */
export const noRun = (model: string, run: string): string =>
  `Cannot find run ${JSON.stringify(run)} of model ${JSON.stringify(model)}: it left nothing in the store.`
