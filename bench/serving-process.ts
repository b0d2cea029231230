// The process that the serving bench measures: the API with an echo route of its own, and a bare Fastify echo.
// Arguments: the database URL. Prints the two addresses as JSON, and stops when its standard input ends.
import Fastify from 'fastify';
import pino from 'pino';
import { access } from '../api/access.ts';
import { buildApp } from '../api/app.ts';
import { Identities } from '../api/identity/identities.ts';
import { Serving } from '../api/serving/serving.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { ROW } from './serving-world.ts';

const [url = ''] = process.argv.slice(2);
const database = openDatabase(url);
const logger = pino({ level: 'warn' }, pino.destination(2));

const types = { number: 'number', string: 'string', boolean: 'boolean' } as const;
const features = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(ROW).map(([name, value]) => [name, { type: types[typeof value as keyof typeof types] }]),
  ),
};
/** A closed schema of the body, checked and written by code that Fastify compiles from it. */
const echoed = {
  type: 'object',
  additionalProperties: false,
  required: ['features'],
  properties: { features },
};
const schema = { body: echoed, response: { 200: echoed } };

const bare = Fastify({ logger: false });
bare.post('/echo', { schema }, (request, reply) => reply.send(request.body));
// Its compilers exist from here on.
await bare.ready();

Object.assign(access, { 'POST /models/:model/echo': { role: 'predictor', scope: 'model' } });
const serving = new Serving({ database, logger });
const identities = new Identities({ database, logger });
const app = await buildApp({
  database,
  serving,
  gate: { decide: () => Promise.resolve(undefined), end: () => Promise.resolve() },
  logger,
  auth: identities,
  publicUrl: 'http://127.0.0.1',
});
app.route({
  method: 'POST',
  url: '/models/:model/echo',
  schema,
  validatorCompiler: bare.validatorCompiler!,
  serializerCompiler: bare.serializerCompiler!,
  handler: (request, reply) => reply.send(request.body as never),
});
const bareUrl = await bare.listen({ host: '127.0.0.1', port: 0 });
const appUrl = await app.listen({ host: '127.0.0.1', port: 0 });
await serving.start();
identities.start();
console.log(JSON.stringify({ bareUrl, appUrl }));

process.stdin.resume();
process.stdin.once('end', () => {
  void (async () => {
    await Promise.all([bare.close(), app.close()]);
    await identities.stop();
    await serving.stop();
    const { dropped } = serving.predictions.state;
    console.log(JSON.stringify({ dropped }));
    await database.close();
  })();
});
