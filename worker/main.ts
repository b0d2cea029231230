// The worker process: connects, checks that it fits its servers, works until it is told to stop, closes in order.
import { Client } from '@temporalio/client';
import { makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { type Logger, pino } from 'pino';
import { createActivities } from '../activities/index.ts';
import { type Config, type TemporalSettings } from '../cli/config.ts';
import { reportReady } from '../cli/embedded/ready-message.ts';
import { checkSearchAttributes } from '../cli/search-attributes.ts';
import { TidegateError } from '../domain/errors.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { checkReachable, type Database, openDatabase } from '../store/database.ts';
import { checkSchema } from '../store/migrate.ts';
import { runtimeLogger } from './logger.ts';
import { workerOptions } from './options.ts';

/** What a worker needs to know. */
export interface WorkerConfig extends Pick<
  Config,
  'taskQueue' | 'webhookUrl' | 'workflowBundle' | 'logLevel'
> {
  readonly databaseUrl: string;
  readonly temporal: TemporalSettings;
}

/**
 * Runs a worker until SIGINT or SIGTERM. Then it takes no new work, gives running activities ten seconds, and closes
 * its connections. A supervisor is told when it polls.
 *
 * @throws TidegateError DATABASE_UNREACHABLE, SCHEMA_OUT_OF_DATE, SCHEMA_TOO_NEW, TEMPORAL_UNREACHABLE,
 * SEARCH_ATTRIBUTES_MISSING
 */
export async function runWorker(config: WorkerConfig): Promise<void> {
  const logger = pino({ name: 'worker', level: config.logLevel });
  installRuntime(logger);
  const database = openDatabase(config.databaseUrl, { applicationName: 'tidegate-worker' });
  try {
    await checkReachable(database);
    await checkSchema(database, tidegateMigrations);
    const connection = await connect(config.temporal);
    try {
      await checkSearchAttributes(connection, config.temporal.namespace);
      const worker = await createWorker(config, connection, database);
      const stopped = worker.run();
      reportReady();
      logger.info({ taskQueue: config.taskQueue, namespace: config.temporal.namespace }, 'polling');
      await stopped;
    } finally {
      await connection.close();
    }
  } finally {
    await database.close();
  }
}

/** Once a process, before any connection: who logs, and which signals stop the workers. */
function installRuntime(logger: Logger): void {
  Runtime.install({
    logger: runtimeLogger(logger),
    shutdownSignals: ['SIGINT', 'SIGTERM', 'SIGQUIT'],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
}

async function connect({ connectionOptions }: TemporalSettings): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(connectionOptions);
  } catch (cause) {
    const at = connectionOptions.address ?? 'localhost:7233';
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new TidegateError('TEMPORAL_UNREACHABLE', `Temporal at ${at} did not answer: ${problem}`, {
      cause,
    });
  }
}

function createWorker(
  config: WorkerConfig,
  connection: NativeConnection,
  database: Database,
): Promise<Worker> {
  const { taskQueue, webhookUrl, workflowBundle } = config;
  const { namespace } = config.temporal;
  const client = new Client({ connection, namespace });
  const activities = createActivities({
    database,
    client,
    taskQueue,
    ...(webhookUrl !== undefined && { webhookUrl }),
  });
  return Worker.create(
    workerOptions({
      connection,
      namespace,
      taskQueue,
      activities,
      ...(workflowBundle !== undefined && { workflowBundlePath: workflowBundle }),
    }),
  );
}
