import { Hono } from 'hono'
import { z } from 'zod'
import type { WebDependencies } from '../dependencies.js'
import { parseJsonBody } from '../json-body.js'
import { isModelName } from '../model-name.js'
import { answerProblems } from '../problem-answer.js'

/** Most rows of one request: scoring more at once is work for a batch job. */
const MOST_ROWS = 1000

const PredictRequest = z.strictObject({
  rows: z
    .array(z.record(z.string(), z.unknown()), { error: 'expected a list of rows, each an object of columns' })
    .min(1, 'expected at least one row')
    .max(MOST_ROWS, `expected at most ${MOST_ROWS} rows`),
})

/** Route `POST /:model`: scores of the champion for `{"rows": [{…}]}`. */
export function predictRoute({ predictions }: WebDependencies): Hono {
  return new Hono().post('/:model', async (context) => {
    if (predictions === undefined) {
      return answerProblems(context, 404, ['Cannot predict: this server does not serve predictions.'])
    }
    const model = context.req.param('model')
    if (!isModelName(model)) return answerProblems(context, 404, [`Cannot find a model ${JSON.stringify(model)}.`])
    const body = parseJsonBody(await context.req.text(), PredictRequest)
    if (!body.ok) return answerProblems(context, 400, body.problems)
    const answer = await predictions.predict(model, body.value.rows)
    return 'problems' in answer ? answerProblems(context, 400, answer.problems) : context.json(answer)
  })
}
