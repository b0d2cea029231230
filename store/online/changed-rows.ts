// Finds what changed in the source tables since a mark (`SourceMark`) was taken, and puts the keys of changed rows
// into temporary tables.
import pg from 'pg';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { fromSource, instantLiteral, movedSql, reachSql, type Source } from './source.ts';
import { ageOf, type Look, markOf, type SourceTable, TUPLE } from './source-mark.ts';
import { type SourceMark, type TableMark } from '../postgres/source-mark.ts';

/** A temporary table of keys of changed rows. */
export interface ChangedKeys {
  /** Name of the table. Only the rows in which `tidegate_relevant` is true are used. */
  readonly table: string;
  /** The entity keys that the table has as columns. */
  readonly keys: readonly string[];
}

/** What changed since a mark, or why that is unknown. */
export type Changes =
  { readonly changed: readonly ChangedKeys[]; readonly mark: SourceMark } | { readonly unknown: string };

/**
 * Maximum age of a row or a mark, in transactions. Postgres can order transaction numbers only if they are less than
 * 2^31 apart; this limit is well below that.
 */
export const MAX_AGE = 2_000_000_000n;

/**
 * Finds the rows that may give an entity different values at the instant of `look` than at the instant of `mark`: rows
 * that were written since the mark and can be used at the new instant, and rows that became usable or stopped being
 * usable as time passed.
 *
 * Each row of a table records which transaction wrote it; the rows of a partition that was attached since the mark
 * count as written since. The result is `unknown` if the rows of a source do not record this (a SQL view, for
 * example), or if rows may have disappeared or changed without being written: a partition was detached, the table's
 * file was replaced or a column was altered.
 *
 * @param tag distinguishes the temporary tables of two calls in one transaction
 */
export async function changesSince(
  client: pg.ClientBase,
  sources: readonly Source[],
  look: Look,
  mark: SourceMark,
  tag: string,
): Promise<Changes> {
  const age = ageOf(look, BigInt(mark.horizon));
  if (age < 0n || age > MAX_AGE)
    return { unknown: 'the database was restored, or too much was written, since the last run' };
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

/** Returns the partitions that were attached since a mark, or a text that says why the mark cannot be used. */
function partsSince(table: SourceTable, before: TableMark | null): string[] | string {
  if (table.unmarked !== null) return `${table.unmarked}, and its rows do not say when they were written`;
  if (before === null || before.oid !== table.oid) return 'was recreated';
  const { parts } = before;
  if (parts === undefined)
    return 'has a mark of an earlier release, which does not say which files it covers';
  for (const [oid, part] of Object.entries(parts)) {
    const now = table.parts[oid];
    if (now === undefined) return 'has lost a partition';
    if (now !== part) return 'was rewritten or altered';
  }
  return Object.keys(table.parts).filter((oid) => parts[oid] === undefined);
}

/** Finds the keys of rows whose timestamp is in `(from, to]`. */
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

/**
 * Returns the SQL condition that the transaction that wrote a row had committed when the mark was taken, so that the
 * row was counted then.
 */
const wasSeenSql = ({ xid }: Look, { snapshot }: SourceMark): string =>
  `pg_visible_in_snapshot((${xid} - age(source.xmin))::text::xid8, ${pg.escapeLiteral(snapshot)}::pg_snapshot)`;

interface Conditions {
  /** The row was written at or after the horizon of the mark (`SourceMark.horizon`). */
  readonly fresh: string;
  /** Identifies the row if it is fresh; otherwise null. */
  readonly tuple: string;
  /** The row is fresh, but was already visible when the mark was taken. */
  readonly seen: string;
  /** The row was written at or after the horizon of this look, so a later look will count it as fresh. */
  readonly open: string;
  readonly relevant: string;
  /** Which rows to put into the temporary table. */
  readonly where: string;
}

const NOT_COUNTED = { fresh: 'false', tuple: 'null::bigint', seen: 'false', open: 'false', relevant: 'true' };

/** Creates one temporary table for all sources with the same keys. */
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
    // Analyze only the columns that the list of entities uses: statistics of the others would take most of the time
    // of a small run.
    const asked = ['tidegate_relevant', ...keys.map(quoteColumn)];
    await client.query(`analyze pg_temp.${table} (${asked.join(', ')})`);
    made.push({ table: `pg_temp.${table}`, keys });
  }
  return made;
}

interface Counted {
  readonly source: number;
  /** Number of rows written since the horizon of the mark (`fresh`) and of the look (`open`). */
  readonly fresh: number;
  readonly open: number;
  /**
   * Checksums over row identities: of the fresh rows that were already visible when the mark was taken, and of the
   * rows that a later look will count as fresh.
   */
  readonly seenSum: string | null;
  readonly openSum: string | null;
}

/**
 * Counts the rows of each table again and compares the counts with `mark`. Returns the changed keys and a new mark, with
 * which the next run compares. If rows were removed or rewritten, it returns a text that names their table instead.
 */
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
