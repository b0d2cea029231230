// A query's answer as a table to compare, read by a cursor in a transaction that can write nothing.
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { type TableSource, unreadable } from './table-source.ts';

const FETCH_ROWS = 8_192;

// Cells are read as the text that Postgres gives, and never turned into dates or floats on the way.
const asText: pg.CustomTypesConfig = {
  getTypeParser: (() => (text: unknown) => text) as pg.CustomTypesConfig['getTypeParser'],
};

/**
 * Opens a query; `close` ends its connection.
 *
 * @param name as messages show it
 * @throws TidegateError DATABASE_UNREACHABLE; UNREADABLE_TABLE where Postgres refuses the query
 */
export async function openTableQuery(url: string, sql: string, name: string): Promise<TableSource> {
  const client = await connectToCompare(url, name);
  try {
    await client.query(`declare compared no scroll cursor for ${sql}`);
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
      close: () => client.end(),
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    return refused(name)(error);
  }
}

/**
 * Opens a connection in a transaction that can write nothing, at one instant; whoever called ends it.
 *
 * @throws TidegateError DATABASE_UNREACHABLE
 */
export async function connectToCompare(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'tidegate-drift' });
  // Told by the statement that fails; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin transaction isolation level repeatable read read only');
    await client.query(`set local time zone 'UTC'`);
    return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    const { message } = cause as Error;
    throw new TidegateError('DATABASE_UNREACHABLE', `${name}: Postgres did not answer: ${message}`, {
      cause,
    });
  }
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

/** That Postgres refuses the query of a name, with what it says. */
export const refused =
  (name: string) =>
  (error: unknown): never => {
    throw unreadable(name, `Postgres refuses the query: ${(error as Error).message}`, error);
  };
