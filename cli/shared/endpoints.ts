// Finds the addresses of the servers: from the settings, or those of the running `tidegate start`.
import { TidegateError } from '../../domain/errors.ts';
import { type Config, type TemporalSettings } from './config.ts';
import { readLocalKey } from '../local/local-key.ts';
import { signedInToken } from './signed-in.ts';
import { findRunning, type Running } from '../local/running.ts';

/** Addresses of the servers. */
export interface Endpoints {
  readonly databaseUrl: string;
  readonly temporal: TemporalSettings;
  /** Address of Temporal's web UI, if known. */
  readonly uiUrl: string | undefined;
}

/** Settings for a Temporal without TLS, such as the embedded one. */
export const plainTemporal = (address: string, namespace: string): TemporalSettings => ({
  connectionOptions: { address },
  namespace,
});

/** A process that may have a database login of its own. */
export type OwnLogin = 'api' | 'worker';

/**
 * Returns all addresses; for a process with a login of its own, the address of the database that has this login.
 *
 * @throws TidegateError NOT_READY if neither a setting nor a running `tidegate start` provides one
 */
export async function findEndpoints(config: Config, login?: OwnLogin): Promise<Endpoints> {
  const { temporal } = config;
  const running = await findRunning(config.dataDir);
  return {
    databaseUrl: await findDatabaseUrl(config, running, login),
    temporal: temporal ?? temporalOf(running) ?? nowhere('TEMPORAL_ADDRESS', config),
    uiUrl: temporal ? undefined : running.uiUrl,
  };
}

/**
 * Returns the address of the database. A command in the container of a process that has no DATABASE_URL uses the login of
 * that process.
 *
 * @throws TidegateError NOT_READY as {@link findEndpoints}
 */
export async function findDatabaseUrl(
  { databaseUrl, processDatabaseUrls: own, ...config }: Config,
  running?: Running,
  login?: OwnLogin,
): Promise<string> {
  const set = (login && own[login]) ?? databaseUrl ?? own.api ?? own.worker;
  if (set !== undefined) return set;
  const found = running ?? (await findRunning(config.dataDir));
  const ofLogin = { api: found.apiDatabaseUrl, worker: found.workerDatabaseUrl };
  return (login && ofLogin[login]) ?? found.databaseUrl ?? nowhere('DATABASE_URL', config);
}

/** Returns the address of the API: from TIDEGATE_API_URL, the running `tidegate start`, or the configured host and port. */
export async function findApiUrl(config: Config): Promise<string> {
  return config.api.url ?? (await findRunning(config.dataDir)).apiUrl ?? addressOfApi(config);
}

/**
 * Returns the address of the API and the credential to send: TIDEGATE_API_KEY, the key that `tidegate start` wrote to its
 * data folder (never to an address that TIDEGATE_API_URL names), or the token of a sign-in for exactly this address.
 */
export const findApi = async (
  config: Config,
): Promise<{ readonly url: string; readonly key: string | undefined }> => {
  const url = await findApiUrl(config);
  const own =
    config.apiKey ?? (config.api.url === undefined ? await readLocalKey(config.dataDir) : undefined);
  return { url, key: own ?? (await signedInToken(config, url)) };
};

/** The address on this machine of an API that is started with these settings. */
export function addressOfApi({ api: { host, port } }: Pick<Config, 'api'>): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

const temporalOf = ({ temporalAddress, namespace = 'default' }: Running): TemporalSettings | undefined =>
  temporalAddress === undefined ? undefined : plainTemporal(temporalAddress, namespace);

function nowhere(variable: string, { dataDir }: Pick<Config, 'dataDir'>): never {
  throw new TidegateError('NOT_READY', `${variable} is not set and no Tidegate runs on ${dataDir}`, {
    remedy: `Start one with \`tidegate start\`, name its folder with --data, or set ${variable}.`,
  });
}

// Query parameters of a Postgres URL that can contain a secret.
const SECRETS = /^(password|sslpassword|passfile|sslkey)$/i;

/**
 * Returns an address with its passwords replaced, safe to print.
 *
 * @example withoutPassword('postgres://ada:geheim@db/churn') // 'postgres://ada:***@db/churn'
 */
export function withoutPassword(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.password !== '') url.password = '***';
  for (const name of [...url.searchParams.keys()]) if (SECRETS.test(name)) url.searchParams.set(name, '***');
  return url.href;
}
