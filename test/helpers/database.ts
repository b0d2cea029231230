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

const asAdmin = async (...statements: string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
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
export const createTestDatabase = async (): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(`create database ${name}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => asAdmin(`drop database ${name} with (force)`, dropRoles(`tidegate_${name}`)),
  };
};
