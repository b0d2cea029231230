// Everything that `tidegate start` and the demo run: Postgres, Temporal, the schema, a worker and the API.
import { TidegateError } from '../../../domain/errors.ts';
import { searchAttributeKinds } from '../../../worker/search-attributes.ts';
import { type Config } from '../../shared/config.ts';
import { addressOfApi, type Endpoints, plainTemporal } from '../../shared/endpoints.ts';
import { dataFolders } from '../../local/erase-data.ts';
import { requirePort } from '../../local/processes/free-port.ts';
import { type Log } from '../../local/processes/managed-process.ts';
import { startPostgres } from '../../local/postgres.ts';
import { type Run } from '../../local/processes/run-until-stopped.ts';
import { supervise } from '../../local/processes/supervise.ts';
import { startTemporal } from '../../local/temporal.ts';
import { migrateAll } from '../../shared/connections.ts';
import { type Running, takeFolder } from '../../local/running.ts';
import { ServerLogs } from '../../local/server-logs.ts';

/** How to start everything. */
export interface StartServersOptions {
  readonly config: Config;
  /** Whether a worker for trees is started as well. @default false */
  readonly withPython?: boolean;
  /** Gets a line for each part that is ready, and what a person must see of the servers' output. */
  readonly say: Log;
}

/** Servers that run, and where they are. */
export interface Servers extends Endpoints {
  readonly apiUrl: string;
  /** Folder of their output. */
  readonly logs: string;
}

/** What every part is started with. */
interface Parts extends StartServersOptions {
  readonly run: Run;
  readonly logs: ServerLogs;
}

/**
 * Starts Postgres and Temporal side by side, each only where no setting names another, then a worker, the API and where asked a worker for trees as
 * processes of their own, kept alive; `run` stops them in the reverse order.
 *
 * @throws TidegateError ALREADY_RUNNING, PORT_IN_USE naming the setting, and whatever a server could not start for
 */
export async function startServers(
  run: Run,
  { config, say, withPython = false }: StartServersOptions,
): Promise<Servers> {
  const folder = await run.part('data folder', takeFolder(config.dataDir));
  const logs = await run.part('logs', Promise.resolve(new ServerLogs(config.dataDir)));
  const parts: Parts = { config, say, run, logs };
  const ports = portVariables(config);
  const apiUrl = addressOfApi(config);
  try {
    await requirePort(config.api.port, 'the API');
    const [databaseUrl, temporal] = await Promise.all([database(parts), temporalServer(parts)]);
    const endpoints: Endpoints = { databaseUrl, ...temporal };
    const environment = childEnvironment(config, endpoints);
    await Promise.all([
      child(parts, 'worker', ['worker'], environment),
      child(parts, 'api', ['api'], environment),
      ...(withPython ? [child(parts, 'trees', ['trees', 'worker'], environment)] : []),
    ]);
    await folder.publish(foundBy(config, endpoints, apiUrl));
    return { ...endpoints, apiUrl, logs: logs.folder };
  } catch (error) {
    throw namingSetting(error, ports);
  }
}

/** Postgres with an up-to-date schema; the example's tables come with an embedded one only. */
async function database({ config, say, run, logs }: Parts): Promise<string> {
  const isEmbedded = config.databaseUrl === undefined;
  const url = config.databaseUrl ?? (await embeddedPostgres());
  const ran = await migrateAll(url, { example: isEmbedded });
  say(ran.length === 0 ? 'schema is up to date' : `schema is up to date: ran ${ran.length} migrations`);
  return url;

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

/** Temporal that knows the search attributes; of another's Temporal the worker checks that. */
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
      // How its program was found, or why it could not be.
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

/** The children are told where the servers are; settings of another Temporal must not reach them. */
function childEnvironment(config: Config, { databaseUrl, temporal }: Endpoints): NodeJS.ProcessEnv {
  const own = {
    ...config.environment,
    DATABASE_URL: databaseUrl,
    TIDEGATE_DATA_DIR: config.dataDir,
    TIDEGATE_API_PORT: String(config.api.port),
  };
  if (config.temporal) return own;
  const withoutTemporal = Object.entries(own).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return {
    ...Object.fromEntries(withoutTemporal),
    TEMPORAL_ADDRESS: temporal.connectionOptions.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}

/** What other commands may find: only servers that end with this process. */
function foundBy(config: Config, { databaseUrl, temporal, uiUrl }: Endpoints, apiUrl: string): Running {
  const { address } = temporal.connectionOptions;
  return {
    apiUrl,
    ...(config.databaseUrl === undefined && { databaseUrl }),
    ...(!config.temporal &&
      address !== undefined && { temporalAddress: address, namespace: temporal.namespace }),
    ...(uiUrl !== undefined && { uiUrl }),
  };
}

const portVariables = ({ api, ports }: Config): ReadonlyMap<number, string> =>
  new Map([
    [api.port, 'TIDEGATE_API_PORT'],
    [ports.postgres, 'TIDEGATE_POSTGRES_PORT'],
    [ports.temporal, 'TIDEGATE_TEMPORAL_PORT'],
    [ports.temporalUi, 'TIDEGATE_TEMPORAL_UI_PORT'],
  ]);

/** A port that is taken is told with the setting that chooses another. */
function namingSetting(error: unknown, variables: ReadonlyMap<number, string>): unknown {
  if (!(error instanceof TidegateError) || error.code !== 'PORT_IN_USE') return error;
  const port = Number(/port (\d+)/.exec(error.message)?.[1]);
  const variable = variables.get(port);
  if (variable === undefined) return error;
  const remedy = `Stop what holds the port, or choose another: ${variable}=${port + 1}.`;
  return new TidegateError('PORT_IN_USE', error.message, { remedy, cause: error });
}
