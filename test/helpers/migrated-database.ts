// Creates and opens a test database with Tidegate's tables.
import { type Database, type DatabaseOptions, openDatabase } from '../../store/postgres/database.ts';
import { createMigratedTestDatabase } from './database.ts';

/** An open database that can be closed and removed in one call. */
export interface MigratedDatabase extends Database {
  drop(): Promise<void>;
}

/**
 * Creates and opens a database with Tidegate's tables.
 *
 * @param settings default settings of sessions in this database, such as `timezone = 'Asia/Tokyo'`
 * @example
 * const database = await migratedDatabase();
 * afterAll(() => database.drop());
 */
export async function migratedDatabase(
  options: DatabaseOptions = {},
  settings: readonly string[] = [],
): Promise<MigratedDatabase> {
  const test = await createMigratedTestDatabase();
  const database = openDatabase(test.url, options);
  const name = new URL(test.url).pathname.slice(1);
  for (const setting of settings) await database.pool.query(`alter database ${name} set ${setting}`);
  // Settings of a database only apply to connections made afterwards.
  const opened = settings.length === 0 ? database : openDatabase(test.url, options);
  if (opened !== database) await database.close();
  return {
    ...opened,
    drop: async () => {
      await opened.close();
      await test.drop();
    },
  };
}
