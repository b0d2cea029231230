// Starts a complete Tidegate for a test: database, worker and API, on the shared Postgres and Temporal.
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { fastify } from 'fastify';
import { inject } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { temporalDecisionGate } from '../../api/context/decision-gate.ts';
import { startServer } from '../../api/server.ts';
import { exampleMigrations } from '../../migrations/example/index.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { readInstallation } from '../../store/registry/installation.ts';
import { migrate } from '../../store/postgres/migrate.ts';
import { startWorkers } from '../../worker/options.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';
import { createMigratedTestDatabase } from './database.ts';

/** A running loop. */
export interface Loop {
  readonly database: Database;
  readonly client: Client;
  readonly taskQueue: string;
  readonly apiUrl: string;
  /** Stops everything; the database is dropped too. */
  stop(): Promise<void>;
}

/** Options of the loop. */
export interface LoopOptions {
  /** A webhook on this machine. */
  readonly webhookUrl?: string;
  /** Whether to start a worker; with false the test starts worker processes itself. @default true */
  readonly worker?: boolean;
}

/** Starts a loop with empty source tables on a separate task queue. */
export async function startLoop(options: LoopOptions = {}): Promise<Loop> {
  const testDatabase = await createMigratedTestDatabase();
  const database = openDatabase(testDatabase.url);
  await migrate(database, exampleMigrations);
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const taskQueue = `test-${randomUUID()}`;
  const stopWorker =
    options.worker === false ? undefined : await startWorker(address, client, taskQueue, database, options);
  const { log: logger } = fastify({ logger: { level: 'silent' } });
  const server = await startServer(
    {
      database,
      gate: temporalDecisionGate(client, database),
      operations: { client, database, taskQueue, installation: await readInstallation(database) },
      logger,
      auth: 'off',
    },
    { port: 0 },
  );
  const stop = async (): Promise<void> => {
    await server.close();
    await stopWorker?.();
    await connection.close();
    await database.close();
    await testDatabase.drop();
  };
  return { database, client, taskQueue, apiUrl: server.url, stop };
}

/** Starts a worker in this process and returns a function that stops it. */
async function startWorker(
  address: string,
  client: Client,
  taskQueue: string,
  database: Database,
  { webhookUrl }: LoopOptions,
): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address });
  const activities = createActivities({
    database,
    client,
    taskQueue,
    ...(webhookUrl !== undefined && {
      notifications: { targets: [{ name: 'webhook', type: 'webhook', url: webhookUrl }], allowPrivate: true },
    }),
  });
  const workers = await startWorkers({
    connection,
    namespace: 'default',
    taskQueue,
    activities,
    workflowBundle: await workflowBundle(),
    shutdownGraceTime: '1 second',
  });
  return async () => {
    workers.shutdown();
    await workers.stopped;
    await connection.close();
  };
}
