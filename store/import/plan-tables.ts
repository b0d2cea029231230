// Plans the tables that an import should create, with columns and types from the files, as statements that the user
// can review first.
import type pg from 'pg';
import { quoteColumn } from '../postgres/sql-text.ts';
import {
  checkTables,
  type ImportRequest,
  namesOf,
  type PerTable,
  type TablePlan,
  unreadable,
} from './import-files.ts';
import { type TableNames } from './rows/import-table.ts';
import { ColumnInference } from './infer-column.ts';
import { openSource, type SourceFile, sourceFilesOf } from './source-files.ts';
import { ImportProblems, shown } from './problems.ts';
import { setByImport } from './row-encoder.ts';
import { MalformedFile, type RowSource } from './rows/row-source.ts';

/** A statement that creates a table, with notes for the user. */
export interface PlannedTable extends TablePlan {
  /** Columns that are text because of one value. */
  readonly notes: readonly string[];
}

/** A column of a table to create. */
export interface PlannedColumn {
  readonly name: string;
  /** As Postgres spells it. */
  readonly type: string;
}

/**
 * Reads the files whose tables do not exist and plans these tables without creating anything. A column has the type
 * that a Parquet file declares, or the type that fits all its values: bigint, numeric, boolean, date or timestamptz,
 * else text.
 *
 * @param keys names of the columns that identify an entity
 * @returns an empty array if all tables exist
 * @throws TidegateError IMPORT_FOLDER as importFiles; IMPORT_REJECTED if a key is not named, or if no table can be
 *   made from a file
 * @example await planTables(pool, { paths: ['events.csv'] }, { all: ['user_id'], tables: new Map() })
 */
export async function planTables(
  pool: pg.Pool,
  request: ImportRequest,
  keys: PerTable<readonly string[]>,
): Promise<PlannedTable[]> {
  const files = await sourceFilesOf(request.paths);
  checkTables('--as-of-column', request.asOfColumn, files);
  checkTables('--key', keys, files);
  const problems = new ImportProblems();
  const plans: PlannedTable[] = [];
  for (const file of files) {
    const names = namesOf(file, request);
    const { rows } = await pool.query<{ schema: boolean; table: boolean }>(
      `select exists (select from pg_namespace where nspname = $1) as schema,
              exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                      where nspname = $1 and relname = $2) as table`,
      [names.schema, file.table],
    );
    if (rows[0]?.table) continue;
    const own = new ImportProblems();
    if (!rows[0]?.schema) own.add(file.name, `there is no schema ${names.schema}`);
    else {
      const plan = await planTable(file, names, request, keys.tables.get(file.table) ?? keys.all, own);
      if (plan) plans.push(plan);
    }
    problems.append(own);
  }
  if (problems.count > 0) throw problems.toError();
  return plans;
}

async function planTable(
  file: SourceFile,
  names: TableNames,
  { csv = {}, signal }: ImportRequest,
  key: readonly string[] | undefined,
  problems: ImportProblems,
): Promise<PlannedTable | undefined> {
  let source: RowSource | undefined;
  try {
    source = await openSource(file, { columns: [] }, csv);
    if (!source) {
      problems.add(file.name, 'is empty');
      return undefined;
    }
    checkHeader(source, names, key, problems);
    if (problems.count > 0) return undefined;
    const time = source.header.indexOf(names.rowTime?.header ?? '');
    const keySearch = key ? undefined : new KeySearch(source.header, time);
    const columns = await inferred(source, keySearch, signal);
    if (!columns) problems.add(file.name, 'contains a header but no rows');
    else if (keySearch) problems.add(file.name, keySearch.advice(columns, names));
    if (!columns || !key || problems.count > 0) return undefined;
    const others = columns.filter((_, position) => position !== time);
    return {
      table: `${names.schema}.${names.table}`,
      statement: createTableSql(names, others, key),
      notes: others.flatMap(({ note }) => (note === undefined ? [] : [note])),
    };
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw unreadable(error, file);
    problems.add(error.at, error.message);
    return undefined;
  } finally {
    await source?.close();
  }
}

// Postgres silently truncates longer names.
const MAX_NAME_BYTES = 63;

function checkHeader(
  { header, headerAt }: RowSource,
  { table, timestamp, known, rowTime }: TableNames,
  key: readonly string[] | undefined,
  problems: ImportProblems,
): void {
  for (const name of [table, ...header]) {
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      problems.add(headerAt, `the name ${shown(name)} has more than ${MAX_NAME_BYTES} bytes`);
  }
  header.forEach((name, position) => {
    if (name === '') problems.add(headerAt, `column ${position + 1} has no name`);
    else if (header.indexOf(name) < position) problems.add(headerAt, `column ${shown(name)} appears twice`);
    else if (name === known || (name === timestamp && name !== rowTime?.header))
      problems.add(headerAt, setByImport(name));
  });
  if (rowTime && !header.includes(rowTime.header)) {
    const problem = `there is no column ${shown(rowTime.header)} with the times of the rows`;
    problems.add(headerAt, `${problem}; name another with --as-of-column, or give --as-of for all of them`);
  }
  for (const name of key ?? []) {
    if (name === rowTime?.header)
      problems.add(headerAt, `${shown(name)} is the time of a row, which is part of the key without --key`);
    else if (!header.includes(name))
      problems.add(
        headerAt,
        `there is no column ${shown(name)} for the key; the file has ${header.join(', ')}`,
      );
  }
}

interface InferredColumn extends PlannedColumn {
  readonly note: string | undefined;
}

async function inferred(
  source: RowSource,
  keySearch: KeySearch | undefined,
  signal: AbortSignal | undefined,
): Promise<InferredColumn[] | undefined> {
  const inferences = source.header.map(() => new ColumnInference());
  let rows = 0;
  for await (const batch of source.batches()) {
    signal?.throwIfAborted();
    for (const { at, cells } of batch.rows) {
      rows += 1;
      inferences.forEach((inference, position) => {
        const cell = cells[position] ?? null;
        if (cell !== null && !(cell === '' && source.emptyIsMissing)) inference.add(cell, at);
      });
      keySearch?.add(cells);
    }
  }
  if (rows === 0) return undefined;
  return inferences.map(({ type, textBecause }, position) => {
    const name = source.header[position] ?? '';
    const declared = source.types?.[position];
    const note =
      textBecause && declared === undefined
        ? `${name} is text because of ${shown(textBecause.value)} at ${source.place(textBecause.at)}; the values before it are ${textBecause.before}`
        : undefined;
    return { name, type: declared ?? type, note };
  });
}

// The search only gives advice, so these limits bound its memory.
const MAX_SEARCHED_ROWS = 200_000;
const MAX_COMBINED_ROWS = 20_000;
// 24 columns have 276 pairs and 2,024 triples, most of which the first few rows exclude.
const MAX_COMBINED_COLUMNS = 24;
const MAX_NAMED_SETS = 3;

/**
 * Finds columns that are unique (for each time, if rows have their own times); if there are none, pairs and then
 * triples of columns.
 */
class KeySearch {
  readonly #time: number;
  readonly #first: (readonly (string | null)[])[] = [];
  readonly #values = new Map<number, Set<string>>();
  #rows = 0;

  constructor(header: readonly string[], time: number) {
    this.#time = time;
    header.forEach((_, position) => {
      if (position !== time) this.#values.set(position, new Set());
    });
  }

  add(cells: readonly (string | null)[]): void {
    if (this.#rows === MAX_SEARCHED_ROWS) return;
    this.#rows += 1;
    if (this.#rows <= MAX_COMBINED_ROWS) this.#first.push([...cells]);
    const time = cells[this.#time] ?? '';
    for (const [position, seen] of this.#values) {
      const cell = cells[position] ?? '';
      const value = `${cell}\0${time}`;
      if (cell === '' || seen.has(value)) this.#values.delete(position);
      else seen.add(value);
    }
  }

  advice(columns: readonly PlannedColumn[], { schema, table, rowTime }: TableNames): string {
    const candidates = columns.flatMap(({ type }, position) =>
      position !== this.#time && /^(bigint|text|date|uuid)$/.test(type) ? [position] : [],
    );
    const nameOf = (position: number): string => columns[position]?.name ?? '';
    const unique = candidates.filter((position) => this.#values.has(position)).map(nameOf);
    const each = rowTime ? `, together with ${rowTime.header},` : '';
    const among = (limit: number): string => (this.#rows >= limit ? ` in the first ${limit} rows` : '');
    const sets = unique.length > 0 ? [] : this.#uniqueSets(candidates);
    const [named, more] = [
      sets.slice(0, MAX_NAMED_SETS),
      sets.length > MAX_NAMED_SETS ? ', among others' : '',
    ];
    const found =
      unique.length > 0
        ? `these columns${each} are unique${among(MAX_SEARCHED_ROWS)}: ${unique.join(', ')}`
        : named.length > 0
          ? `no single column${each} is unique, but${among(MAX_COMBINED_ROWS)} these are: ` +
            named.map((set) => `--key ${set.map(nameOf).join(',')}`).join(' or ') +
            more
          : `no single column${each} is unique, so several are needed`;
    return `to create table ${schema}.${table}, name with --key the columns that identify an entity; ${found}`;
  }

  /**
   * Returns unique pairs of columns, else unique triples. Returns one more than the message names, so that the
   * message can say that there are more.
   */
  #uniqueSets(candidates: readonly number[]): number[][] {
    const present = candidates
      .filter((position) => this.#first.every((cells) => (cells[position] ?? '') !== ''))
      .slice(0, MAX_COMBINED_COLUMNS);
    const pairs = present.flatMap((a, at) => present.slice(at + 1).map((b) => [a, b]));
    const found = this.#firstUnique(pairs);
    if (found.length > 0) return found;
    return this.#firstUnique(
      pairs.flatMap((pair) => present.filter((c) => c > (pair[1] ?? c)).map((c) => [...pair, c])),
    );
  }

  #firstUnique(sets: readonly number[][]): number[][] {
    const found: number[][] = [];
    for (const set of sets) {
      if (this.#isUnique(set)) found.push(set);
      if (found.length > MAX_NAMED_SETS) break;
    }
    return found;
  }

  #isUnique(set: readonly number[]): boolean {
    const seen = new Set<string>();
    for (const cells of this.#first) {
      const value = [...set, this.#time].map((position) => cells[position] ?? '').join('\0');
      if (seen.has(value)) return false;
      seen.add(value);
    }
    return true;
  }
}

/**
 * Returns the statement that creates a table with versions of rows: the columns of the file and the two times, with
 * the primary key that an import needs (key and both times).
 *
 * @param columns columns of the file, without the time of a row
 */
export function createTableSql(
  { schema, table, timestamp, known }: TableNames,
  columns: readonly PlannedColumn[],
  key: readonly string[],
): string {
  const times = [timestamp, known].map((name) => `${quoteColumn(name)} timestamptz not null`);
  const lines = [
    ...columns.map(
      ({ name, type }) => `${quoteColumn(name)} ${type}${key.includes(name) ? ' not null' : ''}`,
    ),
    ...times,
    `primary key (${[...key, timestamp, known].map(quoteColumn).join(', ')})`,
  ];
  return `create table ${quoteColumn(schema)}.${quoteColumn(table)} (\n  ${lines.join(',\n  ')}\n)`;
}
