// Metrics on a port of their own, which only this machine can reach and which needs no key.
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { TidegateError } from '../domain/errors.ts';
import { excerpt } from '../domain/excerpt.ts';
import { isLoopback } from '../domain/identity/loopback.ts';
import { type ApiDeps, type App } from './context/types.ts';
import { answerError, handleErrors } from './plugins/errors.ts';
import { metricsRoute } from './routes/metrics.ts';

/** Builds an app with `GET /metrics` only. The caller must let it listen on a loopback address. */
export function buildMetricsApp(deps: ApiDeps): App {
  const app = Fastify({
    loggerInstance: deps.logger,
    frameworkErrors: answerError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  handleErrors(app);
  app.addHook('onRequest', async ({ headers: { host = '' } }) => {
    // A page in a browser could give its own host name the address of this machine.
    if (!isLoopback(host)) throw new TidegateError('FORBIDDEN', `the request was sent to ${excerpt(host)}`);
  });
  metricsRoute(app, deps);
  return app;
}
