// The application's type and its dependencies, which every route and plugin uses.
import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { type ZodTypeProvider } from 'fastify-type-provider-zod';
import { type Database } from '../../store/postgres/database.ts';
import { type OperationServices } from '../../operations/services.ts';
import { type DecisionGate } from './decision-gate.ts';
import { type Identities } from '../identity/identities.ts';
import { type Serving } from '../serving/serving.ts';

/** Dependencies of the routes. */
export interface ApiDeps {
  readonly database: Database;
  readonly serving: Serving;
  readonly gate: DecisionGate;
  /** Starts and follows runs; undefined for an API without a connection to Temporal. */
  readonly operations?: OperationServices | undefined;
  /** Knows the callers; `off` accepts every request from this machine as the unverified caller. */
  readonly auth: Identities | 'off';
  /** The address of this API for browsers, without a slash at the end. */
  readonly publicUrl: string;
  /** The model that answers `POST /invocations`. @default the only model that the caller may ask */
  readonly invocationsModel?: string | undefined;
  /** How many requests a second each key may send to this process. @default no limit */
  readonly ratePerKey?: number | undefined;
  readonly logger: FastifyBaseLogger;
}

/** The Fastify application, with request and response types derived from their schemas. */
export type App = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
