// Dumps a database as plain SQL: the statements of the migrations that created it, then its rows.
import { Kysely, type Migration, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type Database } from '../store/postgres/database.ts';
import { migrate, type MigrationTrack } from '../store/postgres/migrate.ts';
import { type Tables } from '../store/postgres/tables.ts';

/**
 * Migrates an empty database and records the statements.
 *
 * @returns the statements that the migrations executed, in order
 * @throws Error for a statement with parameters, because the dump has no parameters
 */
export async function migrateAndRecord(database: Database, track: MigrationTrack): Promise<string[]> {
  const statements: string[] = [];
  let isMigrating = false;
  const kysely = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: database.pool }),
    log: ({ level, query }) => {
      if (level !== 'query' || !isMigrating) return;
      if (query.parameters.length > 0) throw new Error(`a migration has parameters: ${query.sql}`);
      statements.push(query.sql.trim());
    },
  });
  const recorded = (migration: Migration): Migration => ({
    up: async (db) => {
      isMigrating = true;
      await migration.up(db);
      isMigrating = false;
    },
  });
  const migrations = Object.fromEntries(
    Object.entries(track.migrations).map(([name, migration]) => [name, recorded(migration)]),
  );
  await migrate({ ...database, kysely }, { ...track, migrations });
  return statements;
}

/**
 * Returns a dump of the whole database. A superuser can restore it into an empty database with one call of `query`.
 *
 * @param statements the statements that created Tidegate's schema
 * @param sources name of the schema with the source tables
 */
export async function dumpDatabase(
  database: Database,
  {
    title,
    statements,
    sources,
  }: Record<'title' | 'sources', string> & { readonly statements: readonly string[] },
): Promise<string> {
  const own = await tablesOf(database, 'tidegate');
  const theirs = await tablesOf(database, sources);
  return [
    `-- ${title}. Written by \`npm run release:dump\`; never edited by hand.`,
    // In this role no trigger and no foreign key check runs, so rows can be inserted as they are, in any order.
    'set session_replication_role = replica;',
    `set time zone 'UTC';`,
    'create schema tidegate;',
    'create table tidegate.migration (name varchar(255) not null primary key, timestamp varchar(255) not null);',
    ...statements.map((statement) => `${statement};`),
    `create schema ${sources};`,
    ...theirs.map(createTable),
    // Rows that the migrations inserted are also among the rows below.
    ...own.map(({ name }) => `delete from ${name};`),
    ...(await rowsOf(database, [...own, ...theirs])),
    ...(await sequencesOf(database)),
    'set session_replication_role = origin;',
    '',
  ].join('\n');
}

interface Table {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

async function tablesOf({ pool }: Database, schema: string): Promise<Table[]> {
  const { rows } = await pool.query<Table>(
    `select format('%I.%I', nspname, relname) as name,
       json_agg(json_build_object('name', quote_ident(attname), 'type', format_type(atttypid, atttypmod)) order by attnum)
         as columns
     from pg_class c join pg_namespace n on n.oid = relnamespace
       join pg_attribute on attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
     where nspname = $1 and relkind = 'r' group by 1 order by 1`,
    [schema],
  );
  return rows;
}

const createTable = ({ name, columns }: Table): string =>
  `create table ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')});`;

async function rowsOf({ pool }: Database, tables: readonly Table[]): Promise<string[]> {
  const written: string[] = [];
  for (const { name, columns } of tables) {
    const names = columns.map((column) => column.name);
    // Base64 is a third shorter than hexadecimal.
    const asText = columns.map((column) =>
      column.type === 'bytea'
        ? `translate(encode(${column.name}, 'base64'), E'\\n', '')`
        : `${column.name}::text`,
    );
    const { rows } = await pool.query<(string | null)[]>({
      text: `select ${asText.join(', ')} from ${name} order by 1, 2`,
      rowMode: 'array',
    });
    if (rows.length === 0) continue;
    const literal = (cell: string | null, at: number): string => {
      if (cell === null) return 'null';
      return columns[at]!.type === 'bytea' ? `decode('${cell}', 'base64')` : pg.escapeLiteral(cell);
    };
    const literals = rows.map((row) => `(${row.map(literal).join(', ')})`);
    written.push(
      `insert into ${name} (${names.join(', ')}) overriding system value values\n${literals.join(',\n')};`,
    );
  }
  return written;
}

async function sequencesOf({ pool }: Database): Promise<string[]> {
  const { rows } = await pool.query<{ name: string; value: string }>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as value
     from pg_sequences where last_value is not null order by 1`,
  );
  return rows.map(({ name, value }) => `select setval('${name}', ${value});`);
}
