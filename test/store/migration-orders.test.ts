// Databases from before the first release ran migrations in different orders; all are brought to the schema of a new one.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { checkSchema, migrate, type MigrationTrack } from '../../store/postgres/migrate.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { schemaSnapshot } from '../helpers/schema-snapshot.ts';

let database: Database;
let drop: () => Promise<void>;
let fresh: string[];

beforeAll(async () => {
  const created = await createTestDatabase();
  database = openDatabase(created.url, { max: 2 });
  drop = () => created.drop();
  await migrate(database, tidegateMigrations);
  fresh = await schemaSnapshot(database);
});
afterAll(async () => {
  await database.close();
  await drop();
});

beforeEach(async () => {
  await database.pool.query('drop schema tidegate cascade');
});

const all = Object.keys(tidegateMigrations.migrations);

const only = (names: readonly string[]): MigrationTrack => ({
  ...tidegateMigrations,
  migrations: Object.fromEntries(
    Object.entries(tidegateMigrations.migrations).filter(([name]) => names.includes(name)),
  ),
});

/** Migrates the database to the newest schema, and compares it with a new one. */
async function upgraded(executed: readonly string[]): Promise<void> {
  expect(await migrate(database, tidegateMigrations)).toEqual(all.filter((name) => !executed.includes(name)));
  await checkSchema(database, tidegateMigrations);
  expect(await schemaSnapshot(database)).toEqual(fresh);
}

interface History {
  /** The migrations added by each revision, in the order of the revisions. */
  readonly steps: readonly (readonly string[])[];
}

const { steps } = JSON.parse(
  await readFile(new URL('../fixtures/releases/before-the-first.json', import.meta.url), 'utf8'),
) as History;

test.each(steps.map((_, index) => [steps[index]!.at(-1)!, index] as const))(
  'a database made when %s was the last to be added is brought up to date',
  async (_, index) => {
    const executed = steps.slice(0, index + 1).flat();
    await migrate(database, only(executed));
    await upgraded(executed);
  },
);

test('a database that ran each migration when it was added is brought up to date', async () => {
  const executed: string[] = [];
  for (const names of steps) {
    executed.push(...names);
    expect(await migrate(database, only(executed))).toEqual(names.toSorted());
  }
  await upgraded(executed);
});

test('a database stopped after every single migration is brought up to date', async () => {
  for (const [index, name] of all.entries())
    expect(await migrate(database, only(all.slice(0, index + 1)))).toEqual([name]);
  await upgraded(all);
});
