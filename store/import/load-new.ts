// Fast path of an import: copies a file directly into a table that has no rows at the as-of instant or, if rows have
// their own times, no rows at all.
import pg from 'pg';
import { quoteColumn } from '../postgres/sql-text.ts';
import { copyFile } from './copy-file.ts';
import { CopyIn } from '../postgres/copy-in.ts';
import { type ImportRun } from './import-progress.ts';
import { type ImportTable } from './rows/import-table.ts';
import { type ImportTimes } from './merge-sql.ts';
import { openSource, type SourceFile } from './source-files.ts';
import { ImportProblems } from './problems.ts';
import { refusalOf } from './refused-row.ts';
import { type FirstValue, OWN_TIME, RowEncoder } from './row-encoder.ts';
import { MalformedFile } from './rows/row-source.ts';

/** The result of the fast path. All its rows are new. */
export interface LoadedFile {
  readonly rows: number;
  readonly assumed: string | undefined;
}

/**
 * Loads a file whose rows are all first versions, because the table has no rows at the as-of instant (or no rows at
 * all). Nothing is compared, and the primary key finds an entity that is in the file twice. Other writers wait until
 * the transaction ends.
 *
 * @returns undefined if the table already has rows at the as-of instant (or any rows, if rows have their own times),
 *   if checking this would cost more than it saves, or if anything is wrong with the file. Then nothing is kept, and
 *   the normal path reports the problems.
 */
export async function loadNew(
  run: ImportRun,
  file: SourceFile,
  table: ImportTable,
): Promise<LoadedFile | undefined> {
  const { client, signal } = run;
  await client.query('savepoint load');
  let loaded: LoadedFile | undefined;
  try {
    loaded = await load(run, file, table);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof MalformedFile) && !isRefusal(error)) throw error;
  }
  // Rolling back also releases the table lock.
  if (!loaded) await client.query('rollback to savepoint load');
  return loaded;
}

/**
 * Whether to try the normal path: a row was refused, or the table does not support COPY because it has row-level
 * security.
 */
const isRefusal = (error: unknown): boolean =>
  refusalOf(error) !== undefined || (error instanceof pg.DatabaseError && error.code === '0A000');

async function load(
  { client, times, csv, progress, signal }: ImportRun,
  file: SourceFile,
  table: ImportTable,
): Promise<LoadedFile | undefined> {
  await client.query(`lock table ${table.sql} in share row exclusive mode`);
  const instants = await firstVersion(client, file, table, times);
  if (instants === undefined) return undefined;
  const source = await openSource(file, table, csv);
  if (!source) return undefined;
  try {
    const problems = new ImportProblems();
    const encoder = RowEncoder.fromHeader(source, table, problems, instants);
    if (!encoder) return undefined;
    const set = table.rowTime ? [table.known] : [table.timestamp, table.known];
    const names = [...set, ...table.columns].map(({ name }) => quoteColumn(name));
    const rows = await copyFile(file, source, encoder, problems, {
      open: () => CopyIn.open(client, `copy ${table.sql} (${names.join(', ')}) from stdin`),
      signal,
      onRows: (read, bytes) => progress.add(file, read, bytes),
      giveUp: true,
    });
    if (problems.count > 0) return undefined;
    await client.query(`analyze ${table.sql}`);
    return { rows, assumed: source.assumed };
  } finally {
    await source.close();
  }
}

// No index begins with the time, so the check scans the whole table, at about 1 GB per second; the file is read at
// about 50 MB per second.
const SCAN_PER_BYTE = 4;
const SCAN_ALWAYS = 16 * 1024 * 1024;

/**
 * Returns the times to add to each row of the file, in the format of COPY: the as-of instant, unless rows have their
 * own times, and the time at which the rows became known. Undefined if the table has, or may have, rows at the as-of
 * instant. If rows have their own times, the table must be empty.
 */
async function firstVersion(
  client: pg.ClientBase,
  file: SourceFile,
  table: ImportTable,
  { asOf, knownAt }: ImportTimes,
): Promise<FirstValue | undefined> {
  const { rows: sizes } = await client.query<{ bytes: number }>(
    'select coalesce(sum(pg_relation_size(relid)), 0)::float8 as bytes from pg_partition_tree($1::regclass)',
    [table.sql],
  );
  if ((sizes[0]?.bytes ?? 0) > Math.max(SCAN_ALWAYS, SCAN_PER_BYTE * file.bytes)) return undefined;
  if (table.rowTime) return firstKnown(client, table, knownAt);
  if (!asOf) return undefined;
  const at = `$1::timestamptz::${table.timestamp.type}`;
  const { rows } = await client.query<{ at: string; known: string; taken: boolean }>(
    `select ${at}::text as at, $2::timestamptz::${table.known.type}::text as known,
            exists (select from ${table.sql} where ${quoteColumn(table.timestamp.name)} = ${at}) as taken`,
    [asOf.toISOString(), (knownAt ?? asOf).toISOString()],
  );
  const [first] = rows;
  return first && !first.taken ? `${first.at}\t${first.known}` : undefined;
}

async function firstKnown(
  client: pg.ClientBase,
  table: ImportTable,
  knownAt: Date | undefined,
): Promise<FirstValue | undefined> {
  const { rows } = await client.query<{ known: string | null; taken: boolean }>(
    `select $1::timestamptz::${table.known.type}::text as known, exists (select from ${table.sql}) as taken`,
    [knownAt?.toISOString() ?? null],
  );
  const [first] = rows;
  if (!first || first.taken) return undefined;
  if (first.known !== null) return first.known;
  // The text of the cell is copied into both columns, so both must read it as the same instant.
  const { timestamp, known } = table;
  const isSame = known.baseType === timestamp.baseType || known.baseType === 'timestamp with time zone';
  return isSame && !timestamp.baseType.includes('(') && !known.baseType.includes('(') ? OWN_TIME : undefined;
}
