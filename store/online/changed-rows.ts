// What changed in the source tables since a mark: the keys of changed rows, in temporary tables.
import pg from 'pg';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { fromSource, instantLiteral, movedSql, reachSql, type Source } from './source.ts';
import { ageOf, type Look, markOf, type SourceTable, TUPLE } from './source-mark.ts';
import { type SourceMark, type TableMark } from '../postgres/tables.ts';

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
export const MAX_AGE = 2_000_000_000n;

/**
 * Finds the rows because of which an entity may have other values at the look's instant than it had at the mark:
 * rows written since that can be used, and rows that came into reach or left it as time passed.
 *
 * Rows of a table say which transaction wrote them; those of a partition that was attached since count as written since.
 * Nothing can be concluded if a source is no table of that kind, or if rows may be gone or other than they were although
 * none was written: a partition was detached, a file replaced, a column altered.
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
  if (age < 0n || age > MAX_AGE) return { unknown: 'the database was restored, or much was written, since' };
  const attached: string[][] = [];
  for (const [at, { table }] of sources.entries()) {
    const parts = partsSince(look.tables[at] as SourceTable, mark.tables[at] ?? null);
    if (typeof parts === 'string') return { unknown: `${table} ${parts}` };
    attached.push(parts);
  }
  const open = ageOf(look, look.horizon);
  const [earlier, later] = mark.asOf <= look.asOf ? [mark.asOf, look.asOf] : [look.asOf, mark.asOf];
  const changed = await collect(client, sources, tag, (source, at) => {
    const isYoung = `age(source.xmin) <= ${age}`;
    const parts = attached[at] ?? [];
    const isAttached = parts.length === 0 ? 'false' : `source.tableoid in (${parts.join(', ')})`;
    const fresh = `(${isYoung} or ${isAttached})`;
    const moved = movedSql(source, earlier, later);
    return {
      fresh,
      tuple: `case when ${fresh} then ${TUPLE} end`,
      seen: `${isYoung} and not ${isAttached} and ${wasSeenSql(look, mark)}`,
      open: `age(source.xmin) <= ${open}`,
      relevant: `(${moved}) or (${fresh} and ${reachSql(source, look.asOf)})`,
      where: `${fresh} or ${moved}`,
    };
  });
  return countTables(client, sources, look, mark, changed);
}

/** The partitions that were attached since a mark, or why nothing can be concluded from it. */
function partsSince(table: SourceTable, before: TableMark | null): string[] | string {
  if (table.unmarked !== null) return `${table.unmarked}, and its rows do not say when they were written`;
  if (before === null || before.oid !== table.oid) return 'was made anew';
  const { parts } = before;
  if (parts === undefined) return 'has a mark of an earlier release, which does not name its files';
  for (const [oid, part] of Object.entries(parts)) {
    const now = table.parts[oid];
    if (now === undefined) return 'has lost a partition';
    if (now !== part) return 'was rewritten or altered';
  }
  return Object.keys(table.parts).filter((oid) => parts[oid] === undefined);
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
    // Only what the list of entities asks for: statistics of the other columns cost most of a small run.
    const asked = ['tidegate_relevant', ...keys.map(quoteColumn)];
    await client.query(`analyze pg_temp.${table} (${asked.join(', ')})`);
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
  const tables: TableMark[] = [];
  for (const [position, { table }] of sources.entries()) {
    const { fresh, open, seenSum, openSum } = found.get(position) ?? NONE;
    const { rows: counted } = await client.query<{ all: number }>(
      `select count(*) as all from ${quoteTable(table)}`,
    );
    const all = counted[0]?.all ?? 0;
    const before = mark.tables[position];
    if (all - fresh !== before?.settled || seenSum !== before.open)
      return { unknown: `rows of ${table} were removed or rewritten` };
    const { oid, parts } = look.tables[position] as SourceTable;
    tables.push({ oid, parts, settled: all - open, open: openSum });
  }
  return { changed, mark: markOf(look, tables) };
}

const NONE = { fresh: 0, open: 0, seenSum: null, openSum: null };
