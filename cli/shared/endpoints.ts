// Where the servers are: as the settings say, else those of the running `tidegate start`.
import { TidegateError } from '../../domain/errors.ts';
import { type Config, type TemporalSettings } from './config.ts';
import { findRunning, type Running } from '../local/running.ts';

/** Where everything is. */
export interface Endpoints {
  readonly databaseUrl: string;
  readonly temporal: TemporalSettings;
  /** Of Temporal's web UI, where it is known. */
  readonly uiUrl: string | undefined;
}

/** Settings that reach a Temporal without TLS, such as an embedded one. */
export const plainTemporal = (address: string, namespace: string): TemporalSettings => ({
  connectionOptions: { address },
  namespace,
});

/** @throws TidegateError NOT_READY when neither a setting nor a running `tidegate start` says where a server is */
export async function findEndpoints(config: Config): Promise<Endpoints> {
  const { temporal } = config;
  const running = await findRunning(config.dataDir);
  return {
    databaseUrl: await findDatabaseUrl(config, running),
    temporal: temporal ?? temporalOf(running) ?? nowhere('TEMPORAL_ADDRESS', config),
    uiUrl: temporal ? undefined : running.uiUrl,
  };
}

/** Where the database is. @throws TidegateError NOT_READY as {@link findEndpoints} */
export async function findDatabaseUrl(config: Config, running?: Running): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  const { databaseUrl } = running ?? (await findRunning(config.dataDir));
  return databaseUrl ?? nowhere('DATABASE_URL', config);
}

/** Where the API is: as the settings say, else that of the running `tidegate start`, else where one would listen. */
export async function findApiUrl(config: Config): Promise<string> {
  return config.api.url ?? (await findRunning(config.dataDir)).apiUrl ?? addressOfApi(config);
}

/** Where an API that this configuration starts is reached from this machine. */
export function addressOfApi({ api: { host, port } }: Pick<Config, 'api'>): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

const temporalOf = ({ temporalAddress, namespace = 'default' }: Running): TemporalSettings | undefined =>
  temporalAddress === undefined ? undefined : plainTemporal(temporalAddress, namespace);

function nowhere(variable: string, { dataDir }: Config): never {
  throw new TidegateError('NOT_READY', `${variable} is not set and no Tidegate runs on ${dataDir}`, {
    remedy: `Start one with \`tidegate start\`, name its folder with --data, or set ${variable}.`,
  });
}

// Every place of a URL of Postgres that can hold a secret.
const SECRETS = /^(password|sslpassword|passfile|sslkey)$/i;

/**
 * An address as it may be shown: a password is not part of it.
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
