// Builds the API with all its routes, without listening; server.ts listens.
import { randomUUID } from 'node:crypto';
import Fastify, { LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { access } from './access.ts';
import { decisionSender } from './context/send-decision.ts';
import { consolePages } from './pages/pages.ts';
import { authenticate } from './plugins/authenticate.ts';
import { serveDocs } from './plugins/docs.ts';
import { answerError, handleErrors } from './plugins/errors.ts';
import { BODY_LIMIT } from './plugins/body-text.ts';
import { parseJsonBodies } from './plugins/json-body.ts';
import { answerClientError, checkProtocol } from './plugins/protocol.ts';
import { limitRate } from './plugins/rate-limit.ts';
import { breakGlassRoute } from './routes/break-glass.ts';
import { cardRoute } from './routes/card.ts';
import { decisionsRoute } from './routes/decisions.ts';
import { explainRoute } from './routes/explain.ts';
import { factRoutes } from './routes/facts.ts';
import { floorRoutes } from './routes/floor.ts';
import { followRoute } from './routes/follow.ts';
import { grantsRoute } from './routes/grants.ts';
import { healthRoutes } from './routes/health.ts';
import { historyRoute } from './routes/history.ts';
import { importRoutes } from './routes/import.ts';
import { keyRoutes } from './routes/keys.ts';
import { metricsRoute } from './routes/metrics.ts';
import { mlflowScoringRoutes } from './routes/mlflow-scoring.ts';
import { modelRoutes } from './routes/models.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { onlineFeaturesRoutes } from './routes/online-features.ts';
import { openInferenceRoutes } from './routes/open-inference.ts';
import { operationRoutes } from './routes/operations.ts';
import { pendingRoute } from './routes/pending.ts';
import { predictRoute } from './routes/predict.ts';
import { reportRoutes } from './routes/reports.ts';
import { reviewRoutes } from './routes/reviews.ts';
import { roleRoutes } from './routes/roles.ts';
import { rollbackRoute } from './routes/rollback.ts';
import { schemaRoutes } from './routes/schemas.ts';
import { servingRoutes } from './routes/serving.ts';
import { signInLinksRoute } from './routes/sign-in-links.ts';
import { versionsRoute } from './routes/versions.ts';
import { withdrawRoute } from './routes/withdraw.ts';
import { type ApiDeps, type App } from './context/types.ts';

/** How long a client may take to send the headers of a request, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;

/** How often connections are checked for clients that take too long, in milliseconds. */
const CHECK_EVERY_MS = 5_000;

/** How long a client may take to send a whole request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Builds the API with all its routes.
 *
 * @example const answer = await (await buildApp(deps)).inject('/healthz');
 */
export async function buildApp(deps: ApiDeps): Promise<App> {
  const app = Fastify({
    loggerInstance: deps.logger,
    // A log line for each prediction would cost more than the prediction; `answerError` logs errors.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomUUID(),
    frameworkErrors: answerError,
    clientErrorHandler: answerClientError,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // `checkProtocol` requires the Host header instead, because Node's own answer has no body.
    http: {
      requireHostHeader: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  handleErrors(app);
  checkProtocol(app);
  authenticate(app, access, deps.auth);
  limitRate(app, deps.ratePerKey);
  parseJsonBodies(app);
  await serveDocs(app);

  const sendDecision = decisionSender(deps);
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/ui'));
  healthRoutes(app, deps);
  modelRoutes(app, deps);
  versionsRoute(app, deps);
  cardRoute(app, deps);
  predictRoute(app, deps);
  mlflowScoringRoutes(app, deps);
  openInferenceRoutes(app, deps);
  explainRoute(app, deps);
  onlineFeaturesRoutes(app, deps);
  servingRoutes(app, deps);
  factRoutes(app, deps);
  historyRoute(app, deps);
  withdrawRoute(app, deps);
  pendingRoute(app, deps);
  decisionsRoute(app, sendDecision);
  grantsRoute(app, deps);
  breakGlassRoute(app, deps);
  operationRoutes(app, deps);
  await importRoutes(app, deps);
  rollbackRoute(app, deps);
  followRoute(app, deps);
  reportRoutes(app, deps);
  floorRoutes(app, deps);
  reviewRoutes(app, deps);
  notificationRoutes(app, deps);
  keyRoutes(app, deps);
  roleRoutes(app, deps);
  schemaRoutes(app);
  signInLinksRoute(app, deps);
  consolePages(app, deps, sendDecision);
  metricsRoute(app, deps);
  return app;
}
