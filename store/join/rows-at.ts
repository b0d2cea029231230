// Reads the point-in-time rows of some entities at one instant, so that people can inspect what a model would see.
import pg from 'pg';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { rowDeriver } from '../../domain/model/derivation.ts';
import { TidegateError } from '../../domain/errors.ts';
import { withConnections } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { asText } from '../postgres/snapshot.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { instantSql } from './instant-sql.ts';
import { joinedValues } from './select-list.ts';

/** Selects the rows to read. */
export interface RowsAt {
  readonly asOf: Date;
  /** Values of key columns; some columns of a composite key are enough. @default all entities */
  readonly key?: Readonly<Record<string, string>>;
  /** Maximum number of entities, taken in the order of their keys. */
  readonly limit: number;
}

/** The row of one entity. */
export interface PointInTimeRow {
  /** Values of the key columns as texts, by name. */
  readonly key: Readonly<Record<string, string>>;
  /** Values by column: columns of the views, then derived ones. Instants are microseconds since 1970 UTC. */
  readonly values: ReadonlyMap<string, Value>;
  /** For each view, the timestamp of the row that was used, in microseconds since 1970 UTC; null if no row was found. */
  readonly viewTimes: readonly (number | null)[];
}

const ENTITIES = 'pg_temp.tidegate_asked';

/**
 * Returns the rows that materializing at the instant would write, without writing them.
 *
 * @throws TidegateError INVALID_REQUEST if `key` names a column that is not a key, or a value that does not fit its column
 */
export async function rowsAt(
  database: Database,
  definition: ModelDefinition,
  { asOf, key = {}, limit }: RowsAt,
): Promise<PointInTimeRow[]> {
  const { keys } = definition.entity;
  for (const name of Object.keys(key)) {
    if (!keys.includes(name)) {
      throw new TidegateError(
        'INVALID_REQUEST',
        `${name} is not a key of the entity; its keys are ${keys.join(', ')}`,
      );
    }
  }
  return withConnections(database, 1, async ([client]) => {
    await client.query('begin isolation level repeatable read');
    await listAsked(client, definition, { asOf, key, limit });
    // The same join as for materializing, but with the requested entities as the entity rows.
    const asked = { ...definition, rows: { table: ENTITIES, timestamp: 'tidegate_newest' } };
    const { rows } = await client.query<(string | null)[]>({
      text: instantSql(asked),
      values: [asOf.toISOString()],
      rowMode: 'array',
      types: asText,
    });
    const read = rowReader(definition, asOf);
    // This also drops the temporary table.
    await client.query('rollback');
    return rows.map(read).sort((a, b) => compareKeys(keys, a.key, b.key));
  });
}

async function listAsked(
  client: pg.ClientBase,
  { entity, rows }: ModelDefinition,
  { asOf, key = {}, limit }: RowsAt,
): Promise<void> {
  const keys = entity.keys.map(quoteColumn).join(', ');
  const timestamp = quoteColumn(rows.timestamp);
  // Literals, because CREATE TABLE AS accepts no parameters; without a cast, so that they get the column's type and an
  // index can be used.
  const wanted = Object.entries(key).map(
    ([name, value]) => ` and ${quoteColumn(name)} = ${pg.escapeLiteral(value)}`,
  );
  try {
    await client.query(`
      create temp table tidegate_asked on commit drop as
      select ${keys}, max(${timestamp})::timestamptz as tidegate_newest
      from ${quoteTable(rows.table)}
      where ${timestamp} <= ${pg.escapeLiteral(asOf.toISOString())}::timestamptz${wanted.join('')}
      group by ${keys}
      order by ${entity.keys.map((name) => `${quoteColumn(name)}::text collate "C"`).join(', ')}
      limit ${Number(limit)}`);
  } catch (error) {
    throw isUnfitValue(error) ? unfitKey(key, error as Error) : error;
  }
  await client.query(`analyze ${ENTITIES}`);
}

/** SQLSTATE class 22: a text that cannot be read as the column's type, or a number out of its range. */
const isUnfitValue = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code?.startsWith('22') === true;

const unfitKey = (key: object, cause: Error): TidegateError =>
  new TidegateError(
    'INVALID_REQUEST',
    `the key ${JSON.stringify(key)} does not fit its columns: ${cause.message}`,
    {
      cause,
    },
  );

function rowReader(
  definition: ModelDefinition,
  asOf: Date,
): (fields: readonly (string | null)[]) => PointInTimeRow {
  const { columns, sources, derive } = rowDeriver(definition);
  const read = joinedValues(definition);
  const first = 2;
  const end = first + sources;
  return (fields) => {
    const texts = JSON.parse(fields[0] ?? '[]') as string[];
    const row = read(fields.slice(first, end));
    derive(row, asOf.getTime() * 1_000);
    return {
      key: Object.fromEntries(definition.entity.keys.map((name, at) => [name, texts[at] ?? ''])),
      values: new Map(columns.map((name, at) => [name, row[at] ?? null])),
      viewTimes: fields
        .slice(end, end + definition.features.length)
        .map((text) => (text == null ? null : Number(text))),
    };
  };
}

function compareKeys(
  keys: readonly string[],
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): number {
  for (const key of keys) {
    const order = Buffer.compare(Buffer.from(a[key] ?? ''), Buffer.from(b[key] ?? ''));
    if (order !== 0) return order;
  }
  return 0;
}
