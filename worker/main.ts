// The worker process: connects, checks that it fits its servers, works until it is told to stop, closes in order.
import { Client } from '@temporalio/client';
import {
  type LogLevel,
  type LogMetadata,
  makeTelemetryFilterString,
  NativeConnection,
  type NativeConnectionOptions,
  Runtime,
  type Logger as TemporalLogger,
} from '@temporalio/worker';
import { type Logger, pino } from 'pino';
import { endCompute } from '../activities/compute/compute.ts';
import { createActivities } from '../activities/index.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { checkReachable, type Database, openDatabase } from '../store/postgres/database.ts';
import { checkSchema } from '../store/postgres/migrate.ts';
import { listModels } from '../store/definitions/definitions.ts';
import { readInstallation, requireInstallation } from '../store/registry/installation.ts';
import { requireOwnSession } from '../store/postgres/session.ts';
import { ownActivities, ownRuns, refuseForeignRuns } from './installation-memo.ts';
import { ownSchedules } from './schedule-owners.ts';
import { checkSearchAttributes, temporalUnreachable } from './search-attributes.ts';
import { poolSize, slotsFor } from './slots.ts';
import { type RunningWorkers, startWorkers } from './options.ts';
import { asksPostgres } from './step-watch.ts';
import { workflowBundle as bundleOfSources } from './workflow-bundle.ts';

/** What a worker needs to know. */
export interface WorkerConfig {
  readonly databaseUrl: string;
  readonly temporal: {
    readonly connectionOptions: NativeConnectionOptions;
    readonly namespace: string;
  };
  readonly taskQueue: string;
  /** Where notifications are posted; absent means nowhere. */
  readonly webhookUrl: string | undefined;
  /** A window of more rows is profiled in parts of about so many. */
  readonly partRows: number;
  /** A bundle built beforehand; absent means one of the sources as they are. */
  readonly workflowBundle: string | undefined;
  readonly logLevel: string;
  /** Called once it polls. */
  readonly onReady: () => void;
}

// The runs and schedules of many models, on a slow machine.
const LOOKED_THROUGH_WITHIN_MS = 120_000;

/**
 * Runs a worker until SIGINT or SIGTERM. Then it takes no new work, gives running activities ten seconds, and closes
 * its connections. After 20 seconds at most it has ended, whatever its activities do.
 *
 * @throws TidegateError as `checkReachable`, DATABASE_POOLER when sessions are shared, SCHEMA_OUT_OF_DATE, SCHEMA_TOO_NEW, TEMPORAL_UNREACHABLE,
 * SEARCH_ATTRIBUTES_MISSING, FOREIGN_INSTALLATION
 */
export async function runWorker(config: WorkerConfig): Promise<void> {
  const logger = pino({ name: 'worker', level: config.logLevel });
  const runtime = installRuntime(logger);
  const database = openDatabase(config.databaseUrl, {
    applicationName: 'tidegate-worker',
    max: poolSize(slotsFor()),
  });
  try {
    await checkReachable(database);
    requireOwnSession(database.sessions.kind, 'a worker');
    await checkSchema(database, tidegateMigrations);
    const connection = await connect(config.temporal);
    try {
      await checkSearchAttributes(connection, config.temporal.namespace);
      const installation = await requireInstallation(database);
      const client: Client = new Client({
        connection,
        namespace: config.temporal.namespace,
        interceptors: { workflow: [ownRuns(installation, () => client)] },
      });
      const models = await listModels(database);
      // Without a deadline a server that goes away now would be waited for, and no signal would be heard.
      await client.withDeadline(Date.now() + LOOKED_THROUGH_WITHIN_MS, async () => {
        await refuseForeignRuns(client, config.taskQueue, installation);
        await ownSchedules(client, models, config.taskQueue, installation);
      });
      const { stopped } = await startWorkersOf(config, connection, database, client);
      config.onReady();
      logger.info({ taskQueue: config.taskQueue, namespace: config.temporal.namespace }, 'polling');
      await stopped;
    } finally {
      await connection.close();
    }
  } finally {
    await Promise.all([database.close(), endCompute()]);
    // Workers end it with themselves; if none was ever started, it would keep the process from ending.
    await runtime.shutdown();
  }
}

/** Once a process, before any connection: who logs, and which signals stop the workers. */
function installRuntime(logger: Logger): Runtime {
  return Runtime.install({
    logger: runtimeLogger(logger),
    shutdownSignals: ['SIGINT', 'SIGTERM', 'SIGQUIT'],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
}

async function connect({ connectionOptions }: WorkerConfig['temporal']): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(connectionOptions);
  } catch (cause) {
    throw temporalUnreachable(connectionOptions.address, cause);
  }
}

async function startWorkersOf(
  config: WorkerConfig,
  connection: NativeConnection,
  database: Database,
  client: Client,
): Promise<RunningWorkers> {
  const { taskQueue, webhookUrl, workflowBundle, partRows } = config;
  const { namespace } = config.temporal;
  const activities = createActivities({
    database,
    client,
    taskQueue,
    partRows,
    ...(webhookUrl !== undefined && { webhookUrl }),
  });
  const settings = {
    connection,
    namespace,
    taskQueue,
    activities,
    isWorking: asksPostgres(database),
    admit: ownActivities(
      client,
      () => readInstallation(database),
      async (model) => (await listModels(database)).includes(model),
    ),
  };
  return startWorkers({
    ...settings,
    workflowBundle: workflowBundle === undefined ? await bundleOfSources() : { codePath: workflowBundle },
  });
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * What the SDK warns of or notes though it is meant: the worker that takes parts of large windows runs activities only,
 * and none of them serves Nexus.
 */
const MEANT: ReadonlySet<string> = new Set([
  'No workflows registered, not polling for workflow tasks',
  'No Nexus services registered, not polling for Nexus tasks',
]);

/** A logger for Temporal's runtime that writes to pino; an error in the metadata keeps its stack, what is meant is for debugging. */
export function runtimeLogger(logger: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}): void => {
    const { error, ...rest } = meta as { error?: unknown };
    const kept = MEANT.has(message) ? 'debug' : LEVELS[level];
    logger[kept]({ ...rest, ...(error !== undefined && { err: error }) }, message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}
