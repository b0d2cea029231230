// Times importing 1,000,000 rows, against psql's \copy of the same bytes into a table of the same shape in one run.
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { type Database } from '../store/postgres/database.ts';
import { CopyIn } from '../store/postgres/copy-in.ts';
import { type ImportedTable } from '../store/import/import-file.ts';
import { benchPostgres } from './bench-postgres.ts';

const ROWS = Number(process.env['TIDEGATE_BENCH_ROWS'] ?? 1_000_000);
const ROUNDS = 5;
const FEWER_ROUNDS = 3;
const AS_OF = '2026-01-31T00:00:00Z';
const BEFORE = '2025-12-31T00:00:00Z';
const HEADER = 'user_id,signup_date,plan,is_senior,has_family,hours,fee,spent,score,ratio,tickets';

interface Measured {
  readonly seconds: number;
  readonly cpu: number;
  readonly peakMegabytes: number;
  readonly brought: ImportedTable;
}

const run = promisify(execFile);
const { database, folder, drop } = await benchPostgres({ durable: true });
try {
  await measure(database);
} finally {
  await drop();
}

async function measure({ pool }: Database): Promise<void> {
  const columns = `user_id text, signup_date date, plan text, is_senior boolean, has_family boolean,
    hours double precision, fee numeric, spent double precision, score double precision, ratio double precision,
    tickets integer`;
  for (const [table, asOf] of [
    ['subscriber', ''],
    ['plain', `default '${AS_OF}'`],
  ]) {
    await pool.query(`create table ${table} (${columns}, as_of timestamptz ${asOf}, loaded_at timestamptz ${asOf},
      primary key (user_id, as_of, loaded_at))`);
  }
  const csv = join(folder, 'subscriber.csv');
  await writeCsv(csv, 0);
  const changedCsv = join(folder, 'changed', 'subscriber.csv');
  await run('mkdir', [join(folder, 'changed')]);
  await writeCsv(changedCsv, 100);
  const parquet = join(folder, 'subscriber.parquet');
  await writeParquet(csv, parquet);

  const megabytes = (await stat(csv)).size / 1e6;
  const psql = await run('psql', ['--version']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  console.log(
    `${ROWS} rows × 11 columns, ${megabytes.toFixed(0)} MB of CSV, medians of ${ROUNDS} or ${FEWER_ROUNDS}`,
  );
  console.log(`against ${psql === undefined ? 'COPY FROM STDIN of the same bytes' : `\\copy of ${psql}`}`);

  const empty = (...tables: string[]) => pool.query(`truncate ${tables.join(', ')}`);
  const settle = () => pool.query('checkpoint');
  const ours = async (path: string, asOf = AS_OF): Promise<Measured> => {
    await settle();
    const program = fileURLToPath(new URL('./import-alone.ts', import.meta.url));
    const { stdout } = await run(process.execPath, ['--import', 'tsx', program, database.url, path, asOf]);
    const measured = JSON.parse(stdout) as Measured;
    process.stderr.write(`${path.slice(folder.length + 1)}: ${measured.seconds.toFixed(2)} s\n`);
    return measured;
  };
  const theirs = async (): Promise<number> => {
    await settle();
    const start = performance.now();
    if (psql === undefined) await plainCopy(csv);
    else await run('psql', [database.url, '-qc', `\\copy plain (${HEADER}) from '${csv}' csv header`]);
    const seconds = (performance.now() - start) / 1_000;
    process.stderr.write(`\\copy: ${seconds.toFixed(2)} s\n`);
    return seconds;
  };

  const copied: number[] = [];
  const first: Measured[] = [];
  const next: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await empty('plain', 'subscriber');
    copied.push(await theirs());
    first.push(await ours(csv));
    next.push(await ours(csv, BEFORE));
  }
  const again: Measured[] = [];
  const changed: Measured[] = [];
  const columnar: Measured[] = [];
  for (let round = 0; round < FEWER_ROUNDS; round += 1) {
    await empty('subscriber');
    columnar.push(await ours(parquet));
    again.push(await ours(csv));
    changed.push(await ours(changedCsv));
  }
  const base = median(copied);
  console.log(`  ${'\\copy'.padEnd(44)}${base.toFixed(2).padStart(7)} s`);
  line('CSV into an empty table', first, base, ({ inserted }) => inserted === ROWS);
  line('CSV into a table with another month', next, base, ({ inserted }) => inserted === ROWS);
  line('Parquet into an empty table', columnar, base, ({ inserted }) => inserted === ROWS);
  line('the same again, nothing new', again, base, ({ unchanged }) => unchanged === ROWS);
  line('again with 1 % changed', changed, base, ({ changed: found }) => found === ROWS / 100);
}

function line(
  name: string,
  measured: readonly Measured[],
  base: number,
  isRight: (brought: ImportedTable) => boolean,
): void {
  if (!measured.every(({ brought }) => isRight(brought))) throw new Error(`${name}: wrong number of rows`);
  const seconds = median(measured.map((one) => one.seconds));
  const cpu = median(measured.map((one) => one.cpu));
  const peak = median(measured.map((one) => one.peakMegabytes));
  console.log(
    `  ${name.padEnd(44)}${seconds.toFixed(2).padStart(7)} s  ${(seconds / base).toFixed(2)} of it; ` +
      `own CPU ${cpu.toFixed(1)} s, peak memory ${peak.toFixed(0)} MB`,
  );
}

/** Does what \copy does if psql is not installed. */
async function plainCopy(file: string): Promise<void> {
  const client = await database.pool.connect();
  try {
    const copy = await CopyIn.open(client, `copy plain (${HEADER}) from stdin csv header`);
    const text = createReadStream(file, { encoding: 'utf8', highWaterMark: 256 * 1024 });
    for await (const chunk of text) await copy.write(chunk as string);
    await copy.end();
  } finally {
    client.release();
  }
}

/** @param everyth one in this many rows differs; 0 for none */
async function writeCsv(file: string, everyth: number): Promise<void> {
  const batches = function* (): Generator<string> {
    yield `${HEADER}\n`;
    for (let start = 0; start < ROWS; start += 1_000) {
      let text = '';
      for (let row = start; row < Math.min(ROWS, start + 1_000); row += 1) {
        const noise = Math.abs(Math.sin(row + 1));
        const hours = everyth > 0 && row % everyth === 0 ? 1 : 100 * noise;
        const day = `20${String(10 + (row % 15))}-${String(1 + (row % 12)).padStart(2, '0')}-15`;
        // Ids like those of a hash, so not in the order of the index.
        const id = (Math.imul(row, 2_654_435_761) >>> 0).toString(36).padStart(7, '0');
        text += `u-${id},${day},${['Basic', 'Standard', '"Premium, family"'][row % 3]},`;
        text += `${row % 7 === 0 ? 'True' : 'False'},${row % 2 === 0 ? 'True' : ''},${hours},`;
        text += `${(5 + (row % 40)).toFixed(2)},${noise * 1_000},${1 - noise},${noise ** 2},${row % 9}\n`;
      }
      yield text;
    }
  };
  await pipeline(Readable.from(batches()), createWriteStream(file));
}

async function writeParquet(csv: string, file: string): Promise<void> {
  const rows = (await readFile(csv, 'utf8'))
    .replaceAll('"Premium, family"', 'Premium; family')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','));
  const texts = (column: number) =>
    rows.map((row) => row[column]!.replace('Premium; family', 'Premium, family'));
  const flags = (column: number) => rows.map((row) => (row[column] === '' ? null : row[column] === 'True'));
  const numbers = (column: number) => rows.map((row) => Number(row[column]));
  const bytes = parquetWriteBuffer({
    rowGroupSize: 100_000,
    columnData: HEADER.split(',').map((name, column) => {
      if (name === 'tickets') return { name, data: numbers(column), type: 'INT32' as const };
      if (name === 'fee') return { name, data: texts(column), type: 'STRING' as const };
      if (column < 3) return { name, data: texts(column), type: 'STRING' as const };
      if (column < 5) return { name, data: flags(column), type: 'BOOLEAN' as const, nullable: true };
      return { name, data: numbers(column), type: 'DOUBLE' as const };
    }),
  });
  await writeFile(file, new Uint8Array(bytes));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
