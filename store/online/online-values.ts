// Builds the values of an online row from the texts that the join at one instant returns.
import { isNumeric } from '../../domain/model/parts/column.ts';
import { sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { derivationsOf, rowDeriver } from '../../domain/model/derivation.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import type pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { quoteColumn } from '../postgres/sql-text.ts';
import { fromSource, instantLiteral, reachSql, type Source } from './source.ts';

/** One entity as it is stored. */
export interface OnlineValues {
  /** The entity's key columns as a JSON array of texts. */
  readonly entityKey: string;
  /** The entity's newest row time, as Postgres writes it. */
  readonly rowTime: string;
  /**
   * JSON array: for each view the timestamp of the feature row that was used, in microseconds since 1970 UTC, or
   * null.
   */
  readonly viewTimes: string;
  /** JSON object with the columns of the views and the derived columns. */
  readonly features: string;
}

/** Reads a row of the join, whose fields are texts or null. */
export type ReadValues = (row: readonly (string | null)[]) => OnlineValues;

/**
 * Returns a reader for rows of `instantSql` at an instant.
 *
 * Derived columns that use the row time are left out. Their values change as time passes, even without a new row, so
 * they are computed when the row is looked up, for the instant at which it is valid.
 *
 * @param fields the names of the columns, in order
 */
export function valuesReader(
  definition: ModelDefinition,
  fields: readonly string[],
  asOf: string,
): ReadValues {
  const rowTimeMicros = 1_000 * Date.parse(asOf);
  const movesWithTime = derivedFromRowTime(definition);
  const place = (name: string): number => fields.indexOf(name);
  const [keyPlace, newestPlace] = [place('entity_key'), place('newest')];
  const viewPlaces = definition.features.map((_, view) => place(`at_${view}`));
  const { columns, sources, derive } = rowDeriver(definition);
  const specs = sourceColumnsOf(definition);
  const readers = specs.map(({ spec }) => (isNumeric(spec) ? finiteNumber : asItIs));
  const sourcePlaces = specs.map(({ name }) => place(name));
  const stored = columns.flatMap((name, at) =>
    at >= sources && movesWithTime.has(name) ? [] : [{ at, label: `${JSON.stringify(name)}:` }],
  );
  return (row) => {
    const values: Value[] = new Array<Value>(columns.length).fill(null);
    for (let at = 0; at < sources; at += 1) {
      const text = row[sourcePlaces[at] ?? -1];
      if (text != null) values[at] = readers[at]?.(text) ?? null;
    }
    derive(values, rowTimeMicros);
    const features = stored.map(({ at, label }) => label + JSON.stringify(values[at] ?? null));
    return {
      entityKey: row[keyPlace] ?? '[]',
      rowTime: row[newestPlace] ?? '-infinity',
      viewTimes: `[${viewPlaces.map((at) => row[at] ?? 'null').join(',')}]`,
      features: `{${features.join(',')}}`,
    };
  };
}

const asItIs = (text: string): string => text;

/** JSON can represent neither NaN nor infinities: such a value counts as missing, as in training. */
function finiteNumber(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Returns the derived columns that use the row time, directly or through other columns. */
function derivedFromRowTime(definition: ModelDefinition): Set<string> {
  const found = new Set<string>();
  for (const { name, spec, inputs } of derivationsOf(definition)) {
    if (spec.operator === 'days_since' || inputs.some((input) => found.has(input))) found.add(name);
  }
  return found;
}

/**
 * Refuses an instant at which no view has a usable row. @throws TidegateError NO_ONLINE_VALUES with the reason for
 * each view
 */
export async function refuseNoValues(
  client: pg.ClientBase,
  sources: readonly Source[],
  asOf: string,
): Promise<void> {
  const views = sources.filter((source): source is ViewSource => source.view !== undefined);
  for (const view of views) {
    const { rows } = await client.query<{ found: boolean }>(
      `select exists (select ${fromSource(view)} where ${reachSql(view, asOf)}) as found`,
    );
    if (rows[0]?.found) return;
  }
  const reasons: string[] = [];
  for (const view of views) reasons.push(await whyNone(client, view, asOf));
  throw new TidegateError(
    'NO_ONLINE_VALUES',
    `no feature has a value at ${asOf}, so nothing was written: ${reasons.join('; ')}`,
  );
}

type ViewSource = Source & { readonly view: ViewDefinition };

async function whyNone(client: pg.ClientBase, source: ViewSource, asOf: string): Promise<string> {
  const { table, timestamp, view } = source;
  const at = `source.${quoteColumn(timestamp)}`;
  const { rows } = await client.query<{ newest: string | null }>(
    `select to_char(max(${at})::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as newest
     ${fromSource(source)} where ${at} <= ${instantLiteral(asOf)}`,
  );
  const newest = rows[0]?.newest ?? null;
  if (newest === null) return `${table} has no row at or before that instant`;
  const known = view.known === undefined ? '' : ` or was not yet known (${view.known})`;
  const ttl = view.ttl === undefined ? '' : ` is older than the ttl of ${view.ttl}`;
  return `the newest row of ${table}, of ${newest},${ttl}${ttl === '' ? known.replace(' or', '') : known}`;
}
