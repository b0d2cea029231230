// A query's answer as a table to compare, read by a cursor in a transaction that can write nothing.
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { postgresFailure } from '../postgres/postgres-failure.ts';
import { type Queryable, quoteColumn } from '../postgres/sql-text.ts';
import { planSession, Sessions } from '../postgres/session.ts';
import { type TableSource, unreadable } from './table-source.ts';
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type ColumnHead } from '../../domain/data/profile/window-profile.ts';
import { categorySql } from '../join/category-sql.ts';

const FETCH_ROWS = 8_192;

// Cells are read as the text that Postgres gives, and never turned into dates or floats on the way.
const asText: pg.CustomTypesConfig = {
  getTypeParser: (() => (text: unknown) => text) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a query; `close` ends its connection.
 *
 * @param name as messages show it
 * @throws TidegateError as {@link connectToCompare}; UNREADABLE_TABLE when Postgres refuses the query
 */
export async function openTableQuery(url: string, sql: string, name: string): Promise<TableSource> {
  const client = await connectToCompare(url, name);
  try {
    const query = withoutEnd(sql);
    await refuseOther(client, query);
    await oneStatement(client).query(`declare compared no scroll cursor for ${query}`);
    let first: Fetched | undefined = await fetchRows(client);
    const header = first.header;
    return {
      name,
      header,
      emptyIsMissing: false,
      assumed: undefined,
      place: (at) => `${name} row ${at}`,
      batches: async function* () {
        let at = 0;
        for (;;) {
          const { rows } = first ?? (await fetchRows(client).catch(refused(name)));
          first = undefined;
          yield { rows: rows.map((cells) => ({ at: (at += 1), cells })) };
          if (rows.length < FETCH_ROWS) return;
        }
      },
      close: () => leave(client),
    };
  } catch (error) {
    await leave(client);
    return refused(name)(error);
  }
}

/**
 * Opens a connection in a transaction that can write nothing, at one instant; {@link leave} ends it.
 *
 * @throws TidegateError BAD_CONFIG when the URL is none; DATABASE_UNREACHABLE, and every other code of a connection that
 * comes to nothing
 */
export async function connectToCompare(url: string, name: string): Promise<pg.Client> {
  if (!URL.canParse(url))
    throw new TidegateError('BAD_CONFIG', `${name}: the address of the database is no URL`, {
      remedy: 'Give one such as postgres://user:password@host:5432/database.',
    });
  // Names without a schema are found as the query's author finds them, by the settings of role and database.
  const plan = planSession(url, { defaults: {} });
  const config = { connectionString: plan.url, application_name: 'tidegate-drift' };
  const client = new pg.Client(config);
  // Reported by the statement that fails; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await new Sessions(config, plan.settings).prepare(client);
    await client.query('begin transaction isolation level repeatable read read only');
    return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    if (cause instanceof TidegateError) throw cause;
    const known = postgresFailure(cause)?.error;
    throw new TidegateError(
      known?.code ?? 'DATABASE_UNREACHABLE',
      `${name}: Postgres did not answer: ${known?.message ?? String(cause)}`,
      { cause, ...(known && { remedy: known.remedy }) },
    );
  }
}

/** Undoes the transaction, settings that the query made included, and ends the connection. */
export async function leave(client: pg.Client): Promise<void> {
  await client.query('rollback').catch(() => undefined);
  await client.end().catch(() => undefined);
}

/** A query without the semicolon that ends it on a terminal. */
export const withoutEnd = (sql: string): string => sql.replace(/[\s;]+$/, '');

/** Runs each text as one statement: by the extended protocol the server refuses a second one. */
export const oneStatement = (client: pg.ClientBase): Queryable => ({
  query: <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    client.query<R>({ text, values, queryMode: 'extended' } as pg.QueryConfig),
});

/**
 * Refuses a text that is anything but one query. The server parses it by itself and runs nothing. What it takes closes
 * every parenthesis, quote and comment that it opens, so that it stays one query when it is put into a statement.
 *
 * @throws pg.DatabaseError when Postgres cannot read it; Error when it gives no rows
 */
export async function refuseOther(client: pg.ClientBase, sql: string): Promise<void> {
  const described = new Describe(sql);
  client.query(described);
  if (!(await described.hasRows)) throw new Error('it is no query that gives rows');
}

/** Parses and describes a statement; the methods are called by pg. */
class Describe implements pg.Submittable {
  readonly hasRows: Promise<boolean>;
  readonly #text: string;
  #found = false;
  #settle: (hasRows: boolean) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
    this.hasRows = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Extended;
    wire.parse({ text: this.#text });
    wire.describe({ type: 'S' });
    wire.sync();
  }

  handleRowDescription(): void {
    this.#found = true;
  }

  handleReadyForQuery(): void {
    this.#settle(this.#found);
  }

  handleError(error: Error): void {
    this.#fail(error);
  }
}

/** What pg's types leave out. */
interface Extended {
  parse(statement: { readonly text: string }): void;
  describe(what: { readonly type: 'S' }): void;
  sync(): void;
}

interface Fetched {
  readonly header: readonly string[];
  readonly rows: readonly (string | null)[][];
}

async function fetchRows(client: pg.Client): Promise<Fetched> {
  const { fields, rows } = await client.query<(string | null)[]>({
    text: `fetch ${FETCH_ROWS} from compared`,
    rowMode: 'array',
    types: asText,
  });
  return { header: fields.map((field) => field.name), rows };
}

/** Says that Postgres refuses the query of a name, and why; an outage is no refusal. */
export const refused =
  (name: string) =>
  (error: unknown): never => {
    if (error instanceof TidegateError) throw error;
    const known = postgresFailure(error);
    // It cannot pass: the transaction is read-only because it was opened so.
    const isPassing = known?.blame === 'moment' && known.error.code !== 'DATABASE_READ_ONLY';
    if (isPassing)
      throw new TidegateError(known.error.code, `${name}: ${known.error.message}`, { cause: error });
    throw unreadable(
      name,
      `Postgres refuses the query: ${known?.error.message ?? String((error as Error).message)}`,
      error,
    );
  };

/** A query whose answer is profiled; `refuseOther` has looked that it is one. */
export interface ProfiledQuery {
  readonly sql: string;
  /** Columns that the reference knows, each with its kind there or, where it is another, its own. */
  readonly columns: readonly QueryColumn[];
  /** Names of the columns that the reference does not know. */
  readonly others: readonly string[];
}

/** A column of the answer. */
export interface QueryColumn extends ColumnHead {
  /** Its value as float8 or text, for `select … from (query) as profiled`. */
  readonly value: string;
}

const BOOL = 16;

const FLOAT4 = 700;

const NUMBERS = new Set([20, 21, 23, FLOAT4, 701, 1700]);

/**
 * Looks at the types of a query's columns without running it. Whole numbers, floats and numerics are numbers, all else
 * is a category; a number that the reference knows as a category is one where `asCategories` names it.
 *
 * @throws pg.DatabaseError where Postgres refuses the query
 * @example await describeQuery(client, 'select * from january', reference)
 */
export async function describeQuery(
  client: Queryable,
  sql: string,
  reference: FeatureReference,
  asCategories: ReadonlySet<string> = new Set(),
): Promise<ProfiledQuery> {
  const { fields } = await client.query(`select * from (${sql}\n) as profiled limit 0`);
  const known = new Set(reference.columns.map(({ name }) => name));
  const columns = fields.flatMap(({ name, dataTypeID }): QueryColumn[] => {
    if (!known.has(name)) return [];
    const column = `profiled.${quoteColumn(name)}`;
    if (NUMBERS.has(dataTypeID) && !asCategories.has(name)) {
      // A float4 is meant as it is written: 0.1, and not the double next to it.
      const written = dataTypeID === FLOAT4 ? `${column}::text` : column;
      return [{ name, kind: 'numeric', value: `${written}::float8` }];
    }
    // As Postgres writes a boolean that is not cast.
    const value = dataTypeID === BOOL ? `left(${column}::text, 1)` : categorySql(`${column}::text`);
    return [{ name, kind: 'category', value }];
  });
  const others = fields.map(({ name }) => name).filter((name) => !known.has(name));
  return { sql, columns, others };
}
