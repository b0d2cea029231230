// The point-in-time rows of some entities at one instant, for people who ask what a model would see.
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

/** Which rows. */
export interface RowsAt {
  readonly asOf: Date;
  /** Key columns that the entity must have; some of a composite key are enough. @default all entities */
  readonly key?: Readonly<Record<string, string>>;
  /** Most entities, the first in the order of their keys. */
  readonly limit: number;
}

/** The row of one entity. */
export interface PointInTimeRow {
  /** Key columns by name, as texts. */
  readonly key: Readonly<Record<string, string>>;
  /** By column: those of the views, then derived ones. Instants are microseconds since 1970 UTC. */
  readonly values: ReadonlyMap<string, Value>;
  /** For each view the timestamp of the row that was used, microseconds since 1970 UTC; null where there was none. */
  readonly viewTimes: readonly (number | null)[];
}

const ENTITIES = 'pg_temp.tidegate_asked';

/**
 * The rows that materialising at the instant would write: what was known then of each entity that existed.
 *
 * @throws TidegateError INVALID_REQUEST where the key names another column, or a value that the column cannot hold
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
        `${name} is no key of the entity; it has ${keys.join(', ')}`,
      );
    }
  }
  return withConnections(database, 1, async ([client]) => {
    await client.query('begin isolation level repeatable read');
    await listAsked(client, definition, { asOf, key, limit });
    // The join that every reader of an instant makes, with the entities that were asked for in the place of the spine.
    const asked = { ...definition, rows: { table: ENTITIES, timestamp: 'tidegate_newest' } };
    const { rows } = await client.query<(string | null)[]>({
      text: instantSql(asked),
      values: [asOf.toISOString()],
      rowMode: 'array',
      types: asText,
    });
    const read = rowReader(definition, asOf);
    // The table of those asked for goes with it.
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
  // As constants, for CREATE TABLE AS takes no parameters; of the column's own type, so that its index serves.
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

/** Class 22 of Postgres: a text that is none of the column's type, a number out of its range. */
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
