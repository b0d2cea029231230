// The API process: connects, listens until it is stopped, and closes its connections in order.
import { type Client } from '@temporalio/client';
import { pino } from 'pino';
import { temporalDecisionGate } from '../../../api/context/decision-gate.ts';
import { type CheckpointSettings } from '../../../api/checkpoints.ts';
import { startServer } from '../../../api/server.ts';
import { tidegateMigrations } from '../../../migrations/tidegate/index.ts';
import { checkReachable, openDatabase } from '../../../store/postgres/database.ts';
import { readInstallation } from '../../../store/registry/installation.ts';
import { checkSchema } from '../../../store/postgres/migrate.ts';
import { anchorPlaces, type Config, type TemporalSettings } from '../../shared/config.ts';
import { addressOfApi } from '../../shared/endpoints.ts';
import { withClient } from '../../shared/connections.ts';
import { reportReady } from '../../local/processes/ready-message.ts';

/** Settings of the API process. */
export interface ApiConfig extends Pick<
  Config,
  | 'api'
  | 'audit'
  | 'auth'
  | 'invocationsModel'
  | 'metricsPort'
  | 'notifications'
  | 'oidc'
  | 'logLevel'
  | 'patience'
  | 'ratePerKey'
  | 'stopFile'
  | 'taskQueue'
> {
  readonly databaseUrl: string;
  readonly temporal: TemporalSettings;
}

/**
 * Serves until SIGINT or SIGTERM. Reports ready to a supervisor as soon as it listens.
 *
 * @throws TidegateError DATABASE_UNREACHABLE, SCHEMA_OUT_OF_DATE, SCHEMA_TOO_NEW, TEMPORAL_UNREACHABLE, PORT_IN_USE
 */
export async function runApi(config: ApiConfig): Promise<void> {
  const logger = pino({ name: 'api', level: config.logLevel });
  const stop = stopSignal();
  const { patience } = config;
  const database = openDatabase(config.databaseUrl, {
    applicationName: 'tidegate-api',
    connectWithinMs: patience.database,
    statementWithinMs: patience.database,
  });
  // Applying a definition reads whole tables, which takes longer than an answer of the other routes may.
  const unhurried = openDatabase(config.databaseUrl, { applicationName: 'tidegate-api-operations', max: 4 });
  try {
    await checkReachable(database);
    await checkSchema(database, tidegateMigrations);
    const installation = await readInstallation(database);
    const work = async (client: Client): Promise<void> => {
      const gate = temporalDecisionGate(client, database);
      const server = await startServer(
        {
          database,
          gate,
          logger,
          operations: { client, database: unhurried, taskQueue: config.taskQueue, installation },
          auth: config.auth,
          oidc: config.oidc,
          metricsPort: config.metricsPort,
          invocationsModel: config.invocationsModel,
          ratePerKey: config.ratePerKey,
          publicUrl: config.notifications.publicUrl ?? config.api.url ?? addressOfApi(config),
          lookUpWithinMs: patience.lookUp,
          stopFile: config.stopFile,
          checkpoints: checkpointsOf(config),
        },
        config.api,
      );
      try {
        reportReady();
        logger.info({ url: server.url }, 'listening');
        logger.info({ signal: await stop }, 'stopping');
      } finally {
        await server.close();
      }
    };
    await withClient(config.temporal, work, installation);
  } finally {
    await Promise.all([database.close(), unhurried.close()]);
  }
}

/** How to sign and anchor; undefined if the settings name no key. */
const checkpointsOf = ({ audit }: ApiConfig): CheckpointSettings | undefined =>
  audit.keyFile === undefined && audit.signCommand === undefined
    ? undefined
    : {
        key: { file: audit.keyFile, command: audit.signCommand },
        places: anchorPlaces({ audit }),
      };

/** Resolves with the first SIGINT or SIGTERM; later signals are ignored. */
const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, resolve);
  });
