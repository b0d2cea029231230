// Opens the connections of one command and closes them after it.
import { Client, Connection } from '@temporalio/client';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { checkReachable, type Database, openDatabase } from '../../store/postgres/database.ts';
import { type Installation, readInstallation } from '../../store/registry/installation.ts';
import { checkSchema, migrate } from '../../store/postgres/migrate.ts';
import { type AppliedRoles, applyRoles } from '../../store/postgres/roles.ts';
import { ownRuns } from '../../worker/installation-memo.ts';
import { temporalUnreachable } from '../../worker/search-attributes.ts';
import { type Config, type TemporalSettings } from './config.ts';
import { type Endpoints, findDatabaseUrl, findEndpoints } from './endpoints.ts';
import { exampleMigrations } from '../../migrations/example/index.ts';

/** The connections of a command that starts or follows runs. */
export interface Services {
  readonly database: Database;
  readonly client: Client;
  /** Runs and schedules that the client starts carry its id. */
  readonly installation: Installation;
  readonly endpoints: Endpoints;
  readonly taskQueue: string;
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Calls `use` with a database connection, after checking that its schema is up to date.
 *
 * @throws TidegateError NOT_READY, DATABASE_UNREACHABLE, SCHEMA_OUT_OF_DATE, SCHEMA_TOO_NEW
 */
export async function withDatabase<T>(config: Config, use: (database: Database) => Promise<T>): Promise<T> {
  return withDatabaseAt(await findDatabaseUrl(config), use);
}

async function withDatabaseAt<T>(url: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(url, { max: 4, applicationName: 'tidegate-cli' });
  try {
    await checkReachable(database);
    await checkSchema(database, tidegateMigrations);
    return await use(database);
  } finally {
    await database.close();
  }
}

/**
 * Calls `use` with a database connection and a Temporal client.
 *
 * @throws TidegateError as {@link withDatabase}, and TEMPORAL_UNREACHABLE
 */
export async function withServices<T>(config: Config, use: (services: Services) => Promise<T>): Promise<T> {
  return withServicesAt(await findEndpoints(config), config.taskQueue, use);
}

/** Like {@link withServices}, for servers whose addresses are already known. */
export const withServicesAt = <T>(
  endpoints: Endpoints,
  taskQueue: string,
  use: (services: Services) => Promise<T>,
): Promise<T> =>
  withDatabaseAt(endpoints.databaseUrl, async (database) => {
    const installation = await readInstallation(database);
    return withClient(
      endpoints.temporal,
      (client) => use({ database, client, endpoints, taskQueue, installation }),
      installation,
    );
  });

/**
 * Calls `use` with a Temporal client.
 *
 * @param installation its id is stored with the runs that the client starts; leave it out for a client that starts none
 * @throws TidegateError TEMPORAL_UNREACHABLE with the address
 */
export async function withClient<T>(
  settings: TemporalSettings,
  use: (client: Client) => Promise<T>,
  installation?: Installation,
): Promise<T> {
  const connection = await connect(settings);
  try {
    const client: Client = new Client({
      connection,
      namespace: settings.namespace,
      ...(installation && { interceptors: { workflow: [ownRuns(installation, () => client)] } }),
    });
    return await use(client);
  } finally {
    await connection.close();
  }
}

async function connect({ connectionOptions }: TemporalSettings): Promise<Connection> {
  try {
    return await Connection.connect({
      ...connectionOptions,
      connectTimeout: CONNECT_TIMEOUT_MS,
    });
  } catch (cause) {
    throw temporalUnreachable(connectionOptions.address, cause);
  }
}

/** What {@link migrateAll} does besides running the migrations. */
export interface MigrateAllOptions {
  /** Whether to create the tables of the example. */
  readonly example: boolean;
  /** Beginning of the names of the database roles. @default derived from the name of the database */
  readonly rolePrefix?: string | undefined;
}

/**
 * Runs the migrations that the database does not have yet, and makes the database roles as far as this login may.
 *
 * @returns the names of the migrations that ran, and what happened to the roles
 * @throws TidegateError DATABASE_UNREACHABLE, SCHEMA_TOO_NEW, MIGRATION_FAILED; BAD_CONFIG if the prefix is not a name
 */
export async function migrateAll(
  databaseUrl: string,
  { example, rolePrefix }: MigrateAllOptions,
): Promise<{ readonly ran: string[]; readonly roles: AppliedRoles }> {
  const database = openDatabase(databaseUrl, { max: 2, applicationName: 'tidegate-migrate' });
  try {
    await checkReachable(database);
    const own = await migrate(database, tidegateMigrations);
    const ofExample = example ? await migrate(database, exampleMigrations) : [];
    return { ran: [...own, ...ofExample], roles: await applyRoles(database, rolePrefix) };
  } finally {
    await database.close();
  }
}
