// Creates a separate database for one test file.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** A fresh, empty database. */
export interface TestDatabase {
  readonly url: string;
  /** Ends all connections to the database and removes it, and the roles that carry its name. */
  drop(): Promise<void>;
}

const asAdmin = (...statements: string[]): Promise<void> => run(inject('postgresUrl'), ...statements);

const run = async (url: string, ...statements: string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};

const dropRoles = (prefix: string): string => `
  do $$ declare role text; begin
    for role in select rolname from pg_roles where starts_with(rolname, '${prefix}') loop
      execute format('drop role %I', role);
    end loop;
  end $$`;

/**
 * Creates an empty database on the server of the test run; for integration tests only.
 *
 * @example
 * const database = await createTestDatabase();
 * afterAll(() => database.drop());
 */
export const createTestDatabase = (): Promise<TestDatabase> => create('');

/**
 * Creates a database with Tidegate's tables, as an installation of its own. It is copied from a database that was
 * migrated once for the whole run.
 *
 * @example
 * const database = await createMigratedTestDatabase();
 * afterAll(() => database.drop());
 */
export const createMigratedTestDatabase = async (): Promise<TestDatabase> => {
  const database = await create(`template ${inject('migratedTemplate')}`);
  await run(database.url, BECOME_AN_INSTALLATION);
  return database;
};

/** Replaces what the migrations recorded about the database that they ran in. */
const BECOME_AN_INSTALLATION = `
  begin;
  set local session_replication_role = replica;
  update tidegate.installation set id = gen_random_uuid(), created_at = now();
  update tidegate.installation_home set home = tidegate.current_home(), recorded_at = now();
  commit`;

const create = async (options: string): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(`create database ${name} ${options}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => asAdmin(`drop database ${name} with (force)`, dropRoles(`tidegate_${name}`)),
  };
};
