// The short way for a file about a time of which its table holds nothing yet: straight into the table.
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

/** What the short way brought; all of it new. */
export interface LoadedFile {
  readonly rows: number;
  readonly assumed: string | undefined;
}

/**
 * Loads a file whose rows can only be first versions: nothing is compared, and the primary key finds an entity that the
 * file holds twice. Other writers wait until the transaction ends.
 *
 * @returns nothing where the table holds something at that time, looking would cost more than it saves, or anything is
 * wrong with the file; then nothing is kept, and the long way says what
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
  // Going back gives up the lock, too.
  if (!loaded) await client.query('rollback to savepoint load');
  return loaded;
}

/** Whether the long way might do: a row is refused, or the table takes no COPY (it has row-level security). */
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

// No index begins with the time, so all of the table is looked through: a gigabyte a second or so, against some 50 MB a
// second for the file.
const SCAN_PER_BYTE = 4;
const SCAN_ALWAYS = 16 * 1024 * 1024;

/**
 * The times of a first version that the file does not give, as COPY takes them; nothing if the table has rows of that
 * time, or may. Rows with times of their own go this way into an empty table only.
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
  // The cell is copied into both columns as it stands, so both must read it as the same instant.
  const { timestamp, known } = table;
  const isSame = known.baseType === timestamp.baseType || known.baseType === 'timestamp with time zone';
  return isSame && !timestamp.baseType.includes('(') && !known.baseType.includes('(') ? OWN_TIME : undefined;
}
