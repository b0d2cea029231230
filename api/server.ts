// Runs the API: listens, and shuts down without losing requests or predictions that wait to be logged.
import { type FastifyBaseLogger } from 'fastify';
import { TidegateError } from '../domain/errors.ts';
import { isLoopback } from '../domain/identity/loopback.ts';
import { type Database } from '../store/postgres/database.ts';
import { buildApp } from './app.ts';
import { type ApiDeps, type App } from './context/types.ts';
import { buildMetricsApp } from './metrics-app.ts';
import { type OperationServices } from '../operations/services.ts';
import { type DecisionGate } from './context/decision-gate.ts';
import { Identities } from './identity/identities.ts';
import { type CheckpointSettings, Checkpoints } from './checkpoints.ts';
import { CodeFlow, type SignInSettings } from './identity/code-flow.ts';
import { OidcTokens } from './identity/oidc-tokens.ts';
import { Serving } from './serving/serving.ts';

/** Dependencies of a server. */
export interface ServerDeps {
  readonly database: Database;
  readonly gate: DecisionGate;
  readonly logger: FastifyBaseLogger;
  /** Starts and follows runs. @default none: the routes for that answer TEMPORAL_UNREACHABLE */
  readonly operations?: OperationServices | undefined;
  /** Whether callers must prove who they are. If `off`, the server may listen on a loopback address only. */
  readonly auth: 'on' | 'off';
  /** The issuer whose tokens are accepted, if any. */
  readonly oidc?: SignInSettings | undefined;
  /** A port of 127.0.0.1 for metrics without a key. 0 picks a free one. @default none */
  readonly metricsPort?: number | undefined;
  /** The address of this API for browsers. @default host and port on which it listens, if the port is not 0 */
  readonly publicUrl?: string | undefined;
  /** The model that answers `POST /invocations`. @default the only model that the caller may ask */
  readonly invocationsModel?: string | undefined;
  /** How many requests a second each key may send to this process. @default no limit */
  readonly ratePerKey?: number | undefined;
  /** How long the look-up of an online row may take, in milliseconds. @default 2000 */
  readonly lookUpWithinMs?: number;
  /** The file that stops predictions while it exists. @default none */
  readonly stopFile?: string | undefined;
  /** How the audit log is signed and anchored. @default not at all */
  readonly checkpoints?: CheckpointSettings | undefined;
}

/** The address to listen on. */
export interface ServerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port: number;
}

/** A server that is listening. */
export interface RunningServer {
  /** The server's URL, for example `http://127.0.0.1:3000`. */
  readonly url: string;
  /** The address of the metrics without a key, if there is one. */
  readonly metricsUrl: string | undefined;
  /** Stops listening, lets running requests finish, writes the prediction log and deletes the rows of this instance. */
  close(): Promise<void>;
}

/**
 * Starts the API of this process.
 *
 * @throws TidegateError PORT_IN_USE, BAD_CONFIG
 * @example const server = await startServer({ database, gate, logger, auth: 'on' }, { port: 3000 });
 */
export async function startServer(
  deps: ServerDeps,
  { host = '127.0.0.1', port }: ServerOptions,
): Promise<RunningServer> {
  if (deps.auth === 'off' && !isLoopback(host)) throw offBeyondLoopback(host);
  const serving = new Serving(deps);
  const checkpoints = deps.checkpoints && new Checkpoints(deps.database, deps.checkpoints, deps.logger);
  const publicUrl = (deps.publicUrl ?? `http://${host}:${port}`).replace(/\/$/, '');
  const identities = deps.auth === 'on' ? identitiesOf(deps, publicUrl) : undefined;
  const apiDeps: ApiDeps = { ...deps, serving, auth: identities ?? 'off', publicUrl };
  const app = await buildApp(apiDeps);
  const metrics = deps.metricsPort === undefined ? undefined : buildMetricsApp(apiDeps);
  try {
    const url = await listen(app, host, port);
    const metricsUrl = metrics && (await listen(metrics, '127.0.0.1', deps.metricsPort!));
    await serving.start();
    identities?.start();
    checkpoints?.start();
    const close = async (): Promise<void> => {
      await app.close();
      await metrics?.close();
      await identities?.stop();
      await serving.stop();
      await checkpoints?.stop();
    };
    return { url, metricsUrl, close };
  } catch (error) {
    await app.close();
    await metrics?.close();
    await identities?.stop();
    await serving.stop();
    throw error;
  }
}

function identitiesOf(deps: ServerDeps, publicUrl: string): Identities {
  const { oidc } = deps;
  const tokens = oidc && new OidcTokens(oidc);
  const codeFlow =
    tokens && oidc.clientId !== undefined
      ? new CodeFlow({ ...oidc, clientId: oidc.clientId }, tokens, `${publicUrl}/ui/callback`)
      : undefined;
  return new Identities({ ...deps, tokens, codeFlow });
}

const offBeyondLoopback = (host: string): TidegateError =>
  new TidegateError(
    'BAD_CONFIG',
    `TIDEGATE_AUTH is off, but TIDEGATE_API_HOST is ${host}, which other machines can reach`,
    { remedy: 'Set TIDEGATE_AUTH=on, or let the API listen on 127.0.0.1.' },
  );

async function listen(app: App, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new TidegateError(
      'PORT_IN_USE',
      `the API cannot listen on port ${port} of ${host}, because it is already in use`,
      {
        cause: error,
      },
    );
  }
}
