/** The whole web side: alert receiver, status pages, their JSON, and the small serving endpoint. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { alertRoutes } from './alerts/alert-routes.js'
import { apiRoutes } from './api-routes.js'
import type { WebDependencies } from './dependencies.js'
import { pageRoutes } from './pages/page-routes.js'
import { answerFailure, answerProblems, statusOf } from './problem-answer.js'
import { pushRoute } from './pushes/push-route.js'
import { predictRoute } from './serving/predict-route.js'

/** Largest body that is held in memory: some thousand alerts, or a thousand rows. Pushes are not, and have a limit of their own. */
const MOST_BODY_BYTES = 1024 * 1024

/** Nothing is loaded from anywhere and no script runs: what slipped through escaping would still be inert. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  styleSrc: ["'unsafe-inline'"],
  imgSrc: ['data:'],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
}

/** Makes the app; `startWeb` listens with it, tests call `app.request()`. */
export function createWebApp(dependencies: WebDependencies): Hono {
  const app = new Hono()
  app.use(secureHeaders({ contentSecurityPolicy }))
  const limit = bodyLimit({
    maxSize: MOST_BODY_BYTES,
    onError: (context) => {
      // The rest of the body stays unread: the connection is of no use for another request.
      context.header('Connection', 'close')
      return answerProblems(context, 413, ['body: expected at most 1 MB, got more. Send it in parts.'])
    },
  })
  app.use((context, next) => (context.req.path.startsWith('/ingest/') ? next() : limit(context, next)))
  // A process that answers is healthy: whether Temporal and the store do is for the pages to say, not for a restart.
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.route('/alerts', alertRoutes(dependencies))
  app.route('/ingest', pushRoute(dependencies))
  app.route('/predict', predictRoute(dependencies))
  app.route('/api', apiRoutes(dependencies))
  app.route('/', pageRoutes(dependencies))
  app.notFound((context) => answerProblems(context, 404, [`Cannot find ${context.req.path}. The status page is at /.`]))
  app.onError((failure, context) => {
    if (statusOf(failure) === 500) dependencies.reportFailure(failure)
    return answerFailure(context, failure)
  })
  return app
}
