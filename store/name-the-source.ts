// Finds out which table and column of a definition made a statement over the source tables fail.
import { sourceColumnsOf } from '../domain/model/define-model.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type ErrorCode, TidegateError } from '../domain/errors.ts';
import { type Database, inTransaction } from './postgres/database.ts';
import { quoteTable } from './postgres/sql-text.ts';
import { valueSql } from './join/view-join-sql.ts';
import { definitionsInUse } from './online/definitions-in-use.ts';
import { postgresFailure } from './postgres/postgres-failure.ts';
import { getDefinition } from './definitions/definitions.ts';
import { checkSources } from './definitions/source-tables.ts';

const OF_THE_SCHEMA: readonly ErrorCode[] = ['UNKNOWN_TABLE', 'UNKNOWN_COLUMN', 'WRONG_COLUMN_TYPE'];

// The search only makes the error easier to read, so it must not delay the error for long. Milliseconds.
const MAX_LOOK_MS = 15_000;

/**
 * Adds the table and column, as the definition names them, to the error of a step that read a model's source tables.
 * Postgres itself names only the aliases of the statement, or only the value that is out of range.
 *
 * @returns `thrown` unchanged if it is not an error about the source tables, or if no table and column can be found
 */
export async function nameTheSource(database: Database, model: string, thrown: unknown): Promise<unknown> {
  const failure = postgresFailure(thrown);
  if (!failure) return thrown;
  const isOfValues = failure.blame === 'values';
  if (!isOfValues && !OF_THE_SCHEMA.includes(failure.error.code)) return thrown;
  try {
    for (const definition of await definitionsOf(database, model)) {
      const found = await misfit(database, definition, thrown);
      if (found) return found;
    }
    if (!isOfValues) return thrown;
    for (const definition of await definitionsOf(database, model)) {
      const at = await unreadableColumn(database, definition, failure.error.code);
      if (at)
        return new TidegateError(failure.error.code, `${at}: ${failure.error.message}`, { cause: thrown });
    }
    return thrown;
  } catch {
    // The error of the step is more useful than the error of this search.
    return thrown;
  }
}

/** Returns the newest definition, and the older ones with which versions in use were trained. */
async function definitionsOf(database: Database, model: string): Promise<ModelDefinition[]> {
  const newest = await getDefinition(database, model);
  const older = (await definitionsInUse(database.kysely, model)).filter(
    (version) => version !== newest.version,
  );
  const all = [
    newest,
    ...(await Promise.all(older.map((version) => getDefinition(database, model, version)))),
  ];
  return all.map(({ definition }) => definition);
}

async function misfit(
  database: Database,
  definition: ModelDefinition,
  cause: unknown,
): Promise<TidegateError | undefined> {
  try {
    await checkSources(database, definition);
    return undefined;
  } catch (error) {
    if (!(error instanceof TidegateError)) throw error;
    const { code, message, places } = error;
    const remedy = `The table was changed after \`tidegate apply\`: change it back, or apply a definition of ${definition.name} that fits it, and start the run again.`;
    return new TidegateError(code, message, { places, remedy, cause });
  }
}

/** Returns, as `table.column`, the first source column for which reading the values fails with `code`. */
async function unreadableColumn(
  database: Database,
  definition: ModelDefinition,
  code: ErrorCode,
): Promise<string | undefined> {
  const until = Date.now() + MAX_LOOK_MS;
  for (const { name, view, spec } of sourceColumnsOf(definition)) {
    const table = definition.features[view]?.table;
    const left = until - Date.now();
    if (table === undefined || left <= 0) return undefined;
    const look = (): Promise<unknown> =>
      inTransaction(
        database,
        async (client) => {
          await client.query(`set local statement_timeout = ${Math.ceil(left)}`);
          return client.query(`select count(${valueSql({ name, spec })}) from ${quoteTable(table)} source`);
        },
        'read only',
      );
    const failed: unknown = await look().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failed !== undefined && postgresFailure(failed)?.error.code === code) return `${table}.${name}`;
  }
  return undefined;
}
