// The worker process: connects to Postgres and Temporal, checks that both have what it needs, works until it is
// stopped, and then closes its connections in order.
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
import { type NotificationSettings } from '../activities/deps.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { checkReachable, type Database, openDatabase } from '../store/postgres/database.ts';
import { checkSchema } from '../store/postgres/migrate.ts';
import { listModels } from '../store/definitions/definitions.ts';
import { readInstallation, requireInstallation } from '../store/registry/installation.ts';
import { requireOwnSession } from '../store/postgres/session.ts';
import { ownActivities, ownRuns, refuseForeignRuns } from './installation-memo.ts';
import { NoticeStarter } from './notice-starter.ts';
import { ownSchedules } from './schedule-owners.ts';
import { checkSearchAttributes, temporalUnreachable } from './search-attributes.ts';
import { poolSize, slotsFor } from './slots.ts';
import { type RunningWorkers, startWorkers } from './options.ts';
import { asksPostgres } from './step-watch.ts';
import { workflowBundle as bundleOfSources } from './workflow-bundle.ts';

/** Settings of a worker. */
export interface WorkerConfig {
  readonly databaseUrl: string;
  readonly temporal: {
    readonly connectionOptions: NativeConnectionOptions;
    readonly namespace: string;
  };
  readonly taskQueue: string;
  /** Where notifications are posted; without a target they are only logged. */
  readonly notifications: NotificationSettings;
  /** A window with more rows than this is profiled in parts of about this many rows. */
  readonly partRows: number;
  /** Path of a prebuilt bundle; undefined means to bundle the current sources. */
  readonly workflowBundle: string | undefined;
  readonly logLevel: string;
  /** Called once the worker is polling. */
  readonly onReady: () => void;
}

// Enough time to examine the runs and schedules of many models on a slow machine.
const LOOKED_THROUGH_WITHIN_MS = 120_000;

/**
 * Runs a worker until SIGINT or SIGTERM. Then it takes no new work, gives running activities ten seconds, and closes
 * its connections. It ends after at most 20 seconds, even if activities do not.
 *
 * @throws TidegateError the errors of `checkReachable`; DATABASE_POOLER if a pooler shares sessions between clients;
 *   SCHEMA_OUT_OF_DATE, SCHEMA_TOO_NEW, TEMPORAL_UNREACHABLE, SEARCH_ATTRIBUTES_MISSING, FOREIGN_INSTALLATION
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
      // Without a deadline, a server that goes away now would block the process, and it would not react to signals.
      await client.withDeadline(Date.now() + LOOKED_THROUGH_WITHIN_MS, async () => {
        await refuseForeignRuns(client, config.taskQueue, installation);
        await ownSchedules(client, models, config.taskQueue, installation);
      });
      const { stopped } = await startWorkersOf(config, connection, database, client);
      const notices = new NoticeStarter({
        database,
        client,
        taskQueue: config.taskQueue,
        hasTarget: config.notifications.targets.length > 0,
        logger,
      });
      config.onReady();
      logger.info({ taskQueue: config.taskQueue, namespace: config.temporal.namespace }, 'polling');
      await stopped.finally(() => notices.stop());
    } finally {
      await connection.close();
    }
  } finally {
    await Promise.all([database.close(), endCompute()]);
    // Workers shut the runtime down themselves; if none was started, it would keep the process alive.
    await runtime.shutdown();
  }
}

/**
 * Installs Temporal's runtime with our logger and the signals that stop the workers; once per process, before any
 * connection.
 */
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
  const { taskQueue, notifications, workflowBundle, partRows } = config;
  const { namespace } = config.temporal;
  const activities = createActivities({
    database,
    client,
    taskQueue,
    partRows,
    notifications,
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
 * Warnings of the SDK about settings that are intended: some workers run only activities, and no worker serves Nexus.
 */
const MEANT: ReadonlySet<string> = new Set([
  'No workflows registered, not polling for workflow tasks',
  'No Nexus services registered, not polling for Nexus tasks',
]);

/**
 * Returns a logger for Temporal's runtime that writes to pino. Errors in the metadata keep their stack; messages about
 * intended behaviour are logged at debug level.
 */
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
