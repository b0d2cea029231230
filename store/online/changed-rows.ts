// What changed in the source tables since a mark: the keys of changed rows, in temporary tables.
import pg from 'pg';
import { quoteColumn, quoteTable } from '../features/identifiers.ts';
import { fromSource, instantLiteral, movedSql, reachSql, type Source } from './source.ts';
import { ageOf, type Look, markOf, type SourceMark, type TableMark, TUPLE } from './source-mark.ts';

/** A temporary table of keys of changed rows. */
export interface ChangedKeys {
  /** Name of the table; its rows with `tidegate_relevant` count. */
  readonly table: string;
  /** The entity keys that are its columns. */
  readonly keys: readonly string[];
}

/** What changed since a mark, or why that cannot be told. */
export type Changes =
  { readonly changed: readonly ChangedKeys[]; readonly mark: SourceMark } | { readonly unknown: string };

/** Transactions are told apart by less than 2^31 of their numbers; well before that nothing is concluded from them. */
export const MOST_AGE = 2_000_000_000n;

/**
 * Finds the rows because of which an entity may have other values at the look's instant than it had at the mark:
 * rows written since that can be used, and rows that came into reach or left it as time passed.
 *
 * Rows of a table say which transaction wrote them. Of a SQL view or foreign table those are found that became known
 * since, where it says when, and those whose timestamp has been reached since.
 *
 * @param tag tells the temporary tables of two calls in one transaction apart
 */
export async function changesSince(
  client: pg.ClientBase,
  sources: readonly Source[],
  look: Look,
  mark: SourceMark,
  tag: string,
): Promise<Changes> {
  const age = ageOf(look, BigInt(mark.horizon));
  if (age < 0n || age > MOST_AGE) return { unknown: 'the database was restored, or much was written, since' };
  const replaced = sources.find((_, at) => (mark.tables[at]?.oid ?? null) !== (look.oids[at] ?? null));
  if (replaced) return { unknown: `${replaced.table} was made anew` };
  const open = ageOf(look, look.horizon);
  const [earlier, later] = mark.asOf <= look.asOf ? [mark.asOf, look.asOf] : [look.asOf, mark.asOf];
  const changed = await collect(client, sources, tag, (source, at) => {
    const isTable = look.oids[at] !== null;
    const fresh = isTable ? `age(source.xmin) <= ${age}` : knownSinceSql(source, mark);
    const moved = movedSql(source, earlier, later);
    return {
      fresh,
      tuple: isTable ? `case when ${fresh} then ${TUPLE} end` : 'null::bigint',
      seen: isTable ? `${fresh} and ${wasSeenSql(look, mark)}` : 'false',
      open: isTable ? `age(source.xmin) <= ${open}` : 'false',
      relevant: `(${moved}) or ((${fresh}) and ${reachSql(source, look.asOf)})`,
      where: `(${fresh}) or ${moved}`,
    };
  });
  return countTables(client, sources, look, mark, changed);
}

/** The keys of rows whose timestamp lies in `(from, to]`. */
export const changesWithin = (
  client: pg.ClientBase,
  sources: readonly Source[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<ChangedKeys[]> =>
  collect(client, sources, 'range', ({ timestamp }) => {
    const at = `source.${quoteColumn(timestamp)}`;
    const where = `${at} > ${instantLiteral(from)} and ${at} <= ${instantLiteral(to)}`;
    return { ...NOT_COUNTED, where };
  });

/** Where rows do not say who wrote them: whether they became known after the mark. */
const knownSinceSql = ({ view }: Source, { asOf, knownBy }: SourceMark): string =>
  view?.known === undefined
    ? 'false'
    : `source.${quoteColumn(view.known)} > least(${instantLiteral(asOf)}, ${instantLiteral(knownBy)})`;

/** Whether the transaction that wrote a row had ended when the mark was taken, and the mark saw it. */
const wasSeenSql = ({ xid }: Look, { snapshot }: SourceMark): string =>
  `pg_visible_in_snapshot((${xid} - age(source.xmin))::text::xid8, ${pg.escapeLiteral(snapshot)}::pg_snapshot)`;

interface Conditions {
  /** The row was written at or after the horizon of the mark. */
  readonly fresh: string;
  /** Which row it is, where it is fresh. */
  readonly tuple: string;
  /** It is fresh, and the mark saw it all the same. */
  readonly seen: string;
  /** The row may have been written by a transaction that a later look sees and this one does not. */
  readonly open: string;
  readonly relevant: string;
  /** The rows to note. */
  readonly where: string;
}

const NOT_COUNTED = { fresh: 'false', tuple: 'null::bigint', seen: 'false', open: 'false', relevant: 'true' };

/** One temporary table for all sources that are keyed alike. */
async function collect(
  client: pg.ClientBase,
  sources: readonly Source[],
  tag: string,
  conditionsOf: (source: Source, position: number) => Conditions,
): Promise<ChangedKeys[]> {
  const groups = new Map<string, { keys: string[]; selects: string[] }>();
  sources.forEach((source, position) => {
    const keys = source.keys.map(({ key }) => key);
    const { fresh, tuple, seen, open, relevant, where } = conditionsOf(source, position);
    const columns = source.keys.map(
      ({ key, column }) => `source.${quoteColumn(column)} as ${quoteColumn(key)}`,
    );
    const group = groups.get(JSON.stringify(keys)) ?? { keys, selects: [] };
    groups.set(JSON.stringify(keys), group);
    group.selects.push(
      `select ${position} as tidegate_source, (${fresh}) as tidegate_fresh, ${tuple} as tidegate_tuple,
              (${seen}) as tidegate_seen, (${open}) as tidegate_open, (${relevant}) as tidegate_relevant,
              ${columns.join(', ')}
       ${fromSource(source)} where ${where}`,
    );
  });
  const made: ChangedKeys[] = [];
  for (const { keys, selects } of groups.values()) {
    const table = `tidegate_changed_${tag}_${made.length}`;
    await client.query(`create temp table ${table} on commit drop as ${selects.join(' union all ')}`);
    await client.query(`analyze pg_temp.${table}`);
    made.push({ table: `pg_temp.${table}`, keys });
  }
  return made;
}

interface Counted {
  readonly source: number;
  /** Rows written since the horizon of the mark, and of the look. */
  readonly fresh: number;
  readonly open: number;
  /** Sums over which rows they are: those that the mark saw, and those that a later look counts as fresh. */
  readonly seenSum: string | null;
  readonly openSum: string | null;
}

/** Counts the tables anew: the mark for the next look, or the table from which rows are gone. */
async function countTables(
  client: pg.ClientBase,
  sources: readonly Source[],
  look: Look,
  mark: SourceMark,
  changed: readonly ChangedKeys[],
): Promise<Changes> {
  const counts = changed.map(
    ({ table }) =>
      `select tidegate_source as source,
              count(*) filter (where tidegate_fresh) as fresh,
              count(*) filter (where tidegate_open) as open,
              (sum(tidegate_tuple) filter (where tidegate_seen))::text as "seenSum",
              (sum(tidegate_tuple) filter (where tidegate_open))::text as "openSum"
       from ${table} group by tidegate_source`,
  );
  const { rows } = await client.query<Counted>(counts.join(' union all '));
  const found = new Map(rows.map((row) => [row.source, row]));
  const tables: (TableMark | null)[] = [];
  for (const [position, { table }] of sources.entries()) {
    const before = mark.tables[position];
    if (!before) {
      tables.push(null);
      continue;
    }
    const { fresh, open, seenSum, openSum } = found.get(position) ?? NONE;
    const { rows: counted } = await client.query<{ all: number }>(
      `select count(*) as all from ${quoteTable(table)}`,
    );
    const all = counted[0]?.all ?? 0;
    if (all - fresh !== before.settled || seenSum !== before.open)
      return { unknown: `rows of ${table} were removed or rewritten` };
    tables.push({ oid: before.oid, settled: all - open, open: openSum });
  }
  return { changed, mark: markOf(look, tables) };
}

const NONE = { fresh: 0, open: 0, seenSum: null, openSum: null };
