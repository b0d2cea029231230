// Migrations of one database: Tidegate's own, and on wish those of the example's source tables.
import { exampleMigrations } from '../migrations/example/index.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { checkReachable, openDatabase } from '../store/postgres/database.ts';
import { migrate } from '../store/postgres/migrate.ts';

/**
 * Runs what the database has not seen.
 *
 * @returns the names of the migrations that ran
 * @throws TidegateError DATABASE_UNREACHABLE, SCHEMA_TOO_NEW, MIGRATION_FAILED
 */
export async function migrateAll(
  databaseUrl: string,
  { example }: { readonly example: boolean },
): Promise<string[]> {
  const database = openDatabase(databaseUrl, { max: 2, applicationName: 'tidegate-migrate' });
  try {
    await checkReachable(database);
    const own = await migrate(database, tidegateMigrations);
    return example ? [...own, ...(await migrate(database, exampleMigrations))] : own;
  } finally {
    await database.close();
  }
}
