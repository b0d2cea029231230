// Starts everything that `tidegate start` and the demo need: Postgres, Temporal, the schema, a worker and the API.
import { randomBytes } from 'node:crypto';
import { TidegateError } from '../../../domain/errors.ts';
import { searchAttributeKinds } from '../../../worker/search-attributes.ts';
import { type Config } from '../../shared/config.ts';
import { addressOfApi, type Endpoints, type OwnLogin, plainTemporal } from '../../shared/endpoints.ts';
import { dataFolders } from '../../local/erase-data.ts';
import { requirePort } from '../../local/processes/free-port.ts';
import { type Log } from '../../local/processes/managed-process.ts';
import { startPostgres } from '../../local/postgres.ts';
import { type Run } from '../../local/processes/run-until-stopped.ts';
import { supervise } from '../../local/processes/supervise.ts';
import { startTemporal } from '../../local/temporal.ts';
import { migrateAll } from '../../shared/connections.ts';
import { readLocalKey, writeLocalKey } from '../../local/local-key.ts';
import { type ApiAccess } from '../../shared/ask-api.ts';
import { localPerson } from '../../shared/arguments.ts';
import { createFirstAdmin, createLocalAdmin, hasAdmin } from '../../../store/identity/first-admin.ts';
import { isValidKey } from '../../../store/identity/keys.ts';
import { openSigner } from '../../../store/audit/signing-key.ts';
import { openDatabase } from '../../../store/postgres/database.ts';
import { makeLogins, type RoleNames } from '../../../store/postgres/roles.ts';
import { type Running, takeFolder } from '../../local/running.ts';
import { ServerLogs } from '../../local/server-logs.ts';

/** How to start everything. */
export interface StartServersOptions {
  readonly config: Config;
  /** Whether to start a worker for gradient-boosted trees as well. @default false */
  readonly withPython?: boolean;
  /** Receives a line for each part that is ready, and the servers' warnings and errors. */
  readonly say: Log;
}

/** Addresses of the running servers. */
export interface Servers extends Endpoints {
  /** The API, and the key of this machine's admin; undefined if another installation has keys that this folder lacks. */
  readonly api: ApiAccess;
  /** Folder with the log files of the servers. */
  readonly logs: string;
}

/** Passed to the functions below, each of which starts one of the servers. */
interface Parts extends StartServersOptions {
  readonly run: Run;
  readonly logs: ServerLogs;
}

/**
 * Starts Postgres and Temporal at the same time, unless the settings name other servers. Then starts a worker, the API and,
 * if asked to, a worker for trees as supervised processes. `run` stops them in reverse order.
 *
 * @throws TidegateError ALREADY_RUNNING, PORT_IN_USE naming the setting, and the error of a server that did not start
 */
export async function startServers(
  run: Run,
  { config, say, withPython = false }: StartServersOptions,
): Promise<Servers> {
  const folder = await run.part('data folder', takeFolder(config.dataDir));
  const logs = await run.part('logs', Promise.resolve(new ServerLogs(config.dataDir)));
  const parts: Parts = { config, say, run, logs };
  const apiUrl = addressOfApi(config);
  await requirePort(config.api.port, 'the API', 'TIDEGATE_API_PORT');
  const [{ url: databaseUrl, logins }, temporal] = await Promise.all([
    database(parts),
    temporalServer(parts),
  ]);
  const endpoints: Endpoints = { databaseUrl, ...temporal };
  const key = await localKey(databaseUrl, config, say);
  if (config.audit.keyFile !== undefined) await openSigner({ file: config.audit.keyFile }, { create: true });
  const environmentOf = (login: OwnLogin) => childEnvironment(config, endpoints, login, logins);
  await Promise.all([
    child(parts, 'worker', ['worker'], environmentOf('worker')),
    child(parts, 'api', ['api'], environmentOf('api')),
    ...(withPython ? [child(parts, 'trees', ['trees', 'worker'], environmentOf('worker'))] : []),
  ]);
  await folder.publish(foundBy(config, endpoints, apiUrl, logins));
  return { ...endpoints, api: { url: apiUrl, key: config.apiKey ?? key }, logs: logs.folder };
}

/**
 * Starts the embedded Postgres, unless DATABASE_URL names another one, and brings its schema up to date. Only the embedded
 * one gets the example's tables.
 *
 * @returns the address of the database, and the addresses with the logins of the processes if it is the embedded one
 */
async function database({
  config,
  say,
  run,
  logs,
}: Parts): Promise<{ readonly url: string; readonly logins?: ProcessLogins }> {
  const isEmbedded = config.databaseUrl === undefined;
  const url = config.databaseUrl ?? (await embeddedPostgres());
  const rolePrefix = config.databaseRoles;
  const { ran, roles } = await migrateAll(url, { example: isEmbedded, rolePrefix });
  say(ran.length === 0 ? 'schema is up to date' : `schema is up to date: ran ${ran.length} migrations`);
  if (roles.missing.length > 0) {
    say('database roles are incomplete: `tidegate migrate --print-roles` prints what an administrator runs');
  }
  return isEmbedded ? { url, logins: await processLogins(url, roles.names, config) } : { url };

  async function embeddedPostgres(): Promise<string> {
    const starting = startPostgres({
      dataDir: dataFolders(config.dataDir).postgres,
      port: config.ports.postgres,
      database: 'tidegate',
      log: logs.of('postgres'),
      signal: run.signal,
    });
    const postgres = await run.part('Postgres', starting);
    void postgres.ended.then((how) => run.fail(died('Postgres', how, logs)));
    say(`Postgres is ready on port ${postgres.port}`);
    return postgres.url;
  }
}

/** Addresses of the embedded Postgres with the logins of API and worker. */
type ProcessLogins = Readonly<Record<OwnLogin, string>>;

/** Makes the logins of API and worker. Their passwords are made at the first start, in files of the data folder. */
async function processLogins(
  databaseUrl: string,
  names: RoleNames,
  { dataDir, databaseRoles }: Config,
): Promise<ProcessLogins> {
  const login = async (role: OwnLogin): Promise<string> => {
    const file = `database-${role}`;
    const known = await readLocalKey(dataDir, file);
    const password = known ?? randomBytes(24).toString('base64url');
    if (known === undefined) await writeLocalKey(dataDir, password, file);
    return Object.assign(new URL(databaseUrl), { username: `${names[role]}_login`, password }).href;
  };
  const logins: ProcessLogins = { api: await login('api'), worker: await login('worker') };
  const database = openDatabase(databaseUrl, { max: 1, applicationName: 'tidegate-migrate' });
  try {
    await makeLogins(database, logins, databaseRoles);
    return logins;
  } finally {
    await database.close();
  }
}

/** How many days the key of this machine must still be valid; otherwise a new one is made. */
const KEY_DAYS_LEFT = 30;

/**
 * Returns the admin key in the data folder. Makes one at the first start, and when the old one is revoked or about to
 * expire. In a database that DATABASE_URL names, it makes one only if there is no admin yet.
 */
async function localKey(databaseUrl: string, config: Config, say: Log): Promise<string | undefined> {
  const known = await readLocalKey(config.dataDir);
  const database = openDatabase(databaseUrl, { max: 1, applicationName: 'tidegate-keys' });
  try {
    if (known !== undefined && (await isValidKey(database.kysely, known, KEY_DAYS_LEFT))) return known;
    const isEmbedded = config.databaseUrl === undefined;
    if (!isEmbedded && (await hasAdmin(database))) return undefined;
    const { secret } = await (isEmbedded ? createLocalAdmin : createFirstAdmin)(
      database,
      localPerson(),
      'of this machine',
    );
    say(`the key of the admin ${localPerson()} is in ${await writeLocalKey(config.dataDir, secret)}`);
    return secret;
  } catch (error) {
    // The servers run without this key too; whoever disabled the account has another one.
    if (!(error instanceof TidegateError) || error.code !== 'INVALID_REQUEST') throw error;
    say(`no key was made for this machine: ${error.message}`);
    return undefined;
  } finally {
    await database.close();
  }
}

/** Starts the embedded Temporal with the search attributes; in a Temporal that the settings name, the worker checks them. */
async function temporalServer({
  config,
  say,
  run,
  logs,
}: Parts): Promise<Pick<Endpoints, 'temporal' | 'uiUrl'>> {
  if (config.temporal) return { temporal: config.temporal, uiUrl: undefined };
  const toFile = logs.of('temporal');
  const starting = startTemporal({
    dataDir: dataFolders(config.dataDir).temporal,
    port: config.ports.temporal,
    uiPort: config.ports.temporalUi,
    searchAttributes: searchAttributeKinds,
    env: config.environment,
    log: (line) => {
      toFile(line);
      // These lines say where the Temporal program was found, or why it was not found there.
      if (line.startsWith('temporal: ')) say(line);
    },
    signal: run.signal,
  });
  const temporal = await run.part('Temporal', starting);
  void temporal.ended.then((how) => run.fail(died('Temporal', how, logs)));
  say(`Temporal is ready on port ${temporal.port}`);
  return { temporal: plainTemporal(temporal.address, temporal.namespace), uiUrl: temporal.uiUrl };
}

async function child(
  { say, run, logs }: Parts,
  name: 'worker' | 'api' | 'trees',
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await run.part(name, supervise({ name, args, env, log: logs.of(name, say), signal: run.signal }));
  say(`${name} is ready`);
}

const died = (server: string, how: string, logs: ServerLogs): TidegateError =>
  new TidegateError('SERVER_FAILED', `${server} ended with ${how}`, {
    remedy: `Read its output in ${logs.folder}.`,
  });

/**
 * The environment of worker and API: the addresses of the servers, without settings of another Temporal. With logins, a
 * process gets only its own.
 */
function childEnvironment(
  config: Config,
  { databaseUrl, temporal }: Endpoints,
  login: OwnLogin,
  logins: ProcessLogins | undefined,
): NodeJS.ProcessEnv {
  const url = (logins ?? config.processDatabaseUrls)[login] ?? databaseUrl;
  const own = {
    ...config.environment,
    // All three, because the process reads a .env file too, and what is set here wins over it.
    DATABASE_URL: url,
    TIDEGATE_API_DATABASE_URL: url,
    TIDEGATE_WORKER_DATABASE_URL: url,
    TIDEGATE_DATA_DIR: config.dataDir,
    TIDEGATE_API_PORT: String(config.api.port),
    // Worker and API are given the address of the database, so they do not know that it is the embedded one.
    TIDEGATE_AUDIT_KEY_FILE: config.audit.keyFile,
    TIDEGATE_AUDIT_ANCHOR_FILE: config.audit.anchorFile,
  };
  if (config.temporal) return own;
  const withoutTemporal = Object.entries(own).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return {
    ...Object.fromEntries(withoutTemporal),
    TEMPORAL_ADDRESS: temporal.connectionOptions.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}

/** The addresses that other commands read from the data folder: only those of servers that this process has started. */
function foundBy(
  config: Config,
  { databaseUrl, temporal, uiUrl }: Endpoints,
  apiUrl: string,
  logins: ProcessLogins | undefined,
): Running {
  const { address } = temporal.connectionOptions;
  return {
    apiUrl,
    ...(config.databaseUrl === undefined && { databaseUrl }),
    ...(logins && { apiDatabaseUrl: logins.api, workerDatabaseUrl: logins.worker }),
    ...(!config.temporal &&
      address !== undefined && { temporalAddress: address, namespace: temporal.namespace }),
    ...(uiUrl !== undefined && { uiUrl }),
  };
}
