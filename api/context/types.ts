// What every route and plugin works with: the application's type and its dependencies.
import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { type ZodTypeProvider } from 'fastify-type-provider-zod';
import { type Database } from '../../store/postgres/database.ts';
import { type DecisionGate } from './decision-gate.ts';
import { type Serving } from '../serving/serving.ts';

/** What the routes work with. */
export interface ApiDeps {
  readonly database: Database;
  readonly serving: Serving;
  readonly gate: DecisionGate;
  readonly logger: FastifyBaseLogger;
}

/** The API with bodies and answers typed by their schemas. */
export type App = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
