// Refuses to materialise where no view has a value at the instant: rows of nothing but nulls would look like success.
import type pg from 'pg';
import { type ViewDefinition } from '../../domain/model/definition.ts';
import { TidegateError } from '../../domain/errors.ts';
import { quoteColumn } from '../features/identifiers.ts';
import { fromSource, instantLiteral, reachSql, type Source } from './source.ts';

/** @throws TidegateError NO_ONLINE_VALUES saying of each view why none of its rows can be used */
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
