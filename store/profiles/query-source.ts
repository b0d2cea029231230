// Reads the result of a query that a user gives for comparison, in a read-only transaction.
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

// Cells are read as the text that Postgres sends, and are not converted to dates or floats.
const asText: pg.CustomTypesConfig = {
  getTypeParser: (() => (text: unknown) => text) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a query as a table that is read by a cursor. `close` ends its connection.
 *
 * @param name the name of the query in messages
 * @throws TidegateError as {@link connectToCompare}; UNREADABLE_TABLE if Postgres refuses the query
 */
export async function openTableQuery(url: string, sql: string, name: string): Promise<TableSource> {
  const client = await connectToCompare(url, name);
  try {
    const query = withoutSemicolon(sql);
    await requireOneQuery(client, query);
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
          const { rows } = first ?? (await fetchRows(client).catch(throwRefusal(name)));
          first = undefined;
          yield { rows: rows.map((cells) => ({ at: (at += 1), cells })) };
          if (rows.length < FETCH_ROWS) return;
        }
      },
      close: () => disconnect(client),
    };
  } catch (error) {
    await disconnect(client);
    return throwRefusal(name)(error);
  }
}

/**
 * Opens a connection with a read-only transaction in one snapshot. {@link disconnect} ends it.
 *
 * @throws TidegateError BAD_CONFIG if the address is not a URL; DATABASE_UNREACHABLE or another code of a connection
 *   that fails
 */
export async function connectToCompare(url: string, name: string): Promise<pg.Client> {
  if (!URL.canParse(url))
    throw new TidegateError('BAD_CONFIG', `${name}: the database address is not a URL`, {
      remedy: 'Give one such as postgres://user:password@host:5432/database.',
    });
  // No defaults for the session: names without a schema are resolved by the settings of role and database, as for the
  // author of the query.
  const plan = planSession(url, { defaults: {} });
  const config = { connectionString: plan.url, application_name: 'tidegate-drift' };
  const client = new pg.Client(config);
  // The statement that fails reports the error; without a listener it would end the process.
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

/** Rolls back the transaction, including settings that the query made, and ends the connection. */
export async function disconnect(client: pg.Client): Promise<void> {
  await client.query('rollback').catch(() => undefined);
  await client.end().catch(() => undefined);
}

/** Returns a query without trailing semicolons and white space. */
export const withoutSemicolon = (sql: string): string => sql.replace(/[\s;]+$/, '');

/**
 * Returns a client that runs each text as one statement: with the extended protocol the server refuses a second
 * statement.
 */
export const oneStatement = (client: pg.ClientBase): Queryable => ({
  query: <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    client.query<R>({ text, values, queryMode: 'extended' } as pg.QueryConfig),
});

/**
 * Refuses a text that is not exactly one query. The server parses it without running it. A text that it accepts
 * closes every parenthesis, quote and comment that it opens, so that it remains one query when it is embedded in a
 * statement.
 *
 * @throws pg.DatabaseError if Postgres cannot parse it; Error if it returns no rows
 */
export async function requireOneQuery(client: pg.ClientBase, sql: string): Promise<void> {
  const described = new Describe(sql);
  client.query(described);
  if (!(await described.hasRows)) throw new Error('it is not a query that returns rows');
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

/** Methods that are missing from pg's types. */
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

/** Throws the error for a query that Postgres refuses, with the reason. An outage is reported with its own code. */
export const throwRefusal =
  (name: string) =>
  (error: unknown): never => {
    if (error instanceof TidegateError) throw error;
    const known = postgresFailure(error);
    // DATABASE_READ_ONLY is not temporary here, because this transaction is read-only on purpose.
    const isOutage = known?.blame === 'moment' && known.error.code !== 'DATABASE_READ_ONLY';
    if (isOutage)
      throw new TidegateError(known.error.code, `${name}: ${known.error.message}`, { cause: error });
    throw unreadable(
      name,
      `Postgres refuses the query: ${known?.error.message ?? String((error as Error).message)}`,
      error,
    );
  };

/** A query whose result is profiled. `requireOneQuery` has checked that it is one query. */
export interface ProfiledQuery {
  readonly sql: string;
  /** The columns that the reference knows, with the kinds that they have in the query. */
  readonly columns: readonly QueryColumn[];
  /** Names of the other columns. */
  readonly others: readonly string[];
}

/** A column of the result. */
export interface QueryColumn extends ColumnHead {
  /** SQL for its value as float8 or text, in `select … from (query) as profiled`. */
  readonly value: string;
}

const BOOL = 16;

const FLOAT4 = 700;

const NUMBERS = new Set([20, 21, 23, FLOAT4, 701, 1700]);

/**
 * Determines the columns of a query from their types, without running it. Integers, floats and numerics are numeric;
 * all other types are categories. A number is a category if `asCategories` names it.
 *
 * @throws pg.DatabaseError if Postgres refuses the query
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
      // Convert a float4 by way of its text, so that 0.1 becomes the double 0.1 and not 0.10000000149.
      const written = dataTypeID === FLOAT4 ? `${column}::text` : column;
      return [{ name, kind: 'numeric', value: `${written}::float8` }];
    }
    // Postgres writes a boolean as `t` or `f` in a result, but as `true` or `false` when it is cast to text.
    const value = dataTypeID === BOOL ? `left(${column}::text, 1)` : categorySql(`${column}::text`);
    return [{ name, kind: 'category', value }];
  });
  const others = fields.map(({ name }) => name).filter((name) => !known.has(name));
  return { sql, columns, others };
}
