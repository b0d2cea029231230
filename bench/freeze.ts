// Times freezing a million joined rows and reading them back, against a bare COPY of the same query in one run.
import { readFile } from 'node:fs/promises';
import { numeric } from '../domain/model/parts/column.ts';
import { parseDefinition, view } from '../domain/model/define-model.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { CopyTap } from '../store/postgres/copy-tap.ts';
import { type Dataset } from '../store/registry/dataset.ts';
import { freezeRows } from '../store/datasets/freeze.ts';
import { readDataset } from '../store/datasets/read.ts';
import { applyDefinition } from '../store/definitions/definitions.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { benchPostgres } from './bench-postgres.ts';

const ROWS = 1_000_000;
const COLUMNS = Array.from({ length: 14 }, (_, n) => `f${n}`);
const ROUNDS = 5;
const MEGABYTE = 2 ** 20;

const { database, drop } = await benchPostgres({ durable: true });
try {
  await migrate(database, tidegateMigrations);
  await database.pool.query(
    `create table joined (user_id text, at timestamptz, label boolean, entity_key text, row_time bigint, held_out boolean,
       ${COLUMNS.map((name) => `${name} float8`).join(', ')})`,
  );
  const definition = parseDefinition({
    name: 'bench',
    entity: { name: 'user', keys: ['user_id'] },
    rows: { table: 'joined', timestamp: 'at' },
    features: [
      view({
        table: 'joined',
        timestamp: 'at',
        columns: Object.fromEntries(COLUMNS.map((name) => [name, numeric()])),
      }),
    ],
    label: { table: 'joined', column: 'label', timestamp: 'at' },
    monitor: { every: '1 month', window: '1 month' },
    training: { trainer: 'logistic-regression', window: '1 month' },
    promotion: {},
  });
  await applyDefinition(database, definition, 'bench');
  await database.pool.query(
    `insert into joined select id, at, n % 4 = 0, jsonb_build_array(id)::text, extract(epoch from at) * 1000000, n % 5 = 0,
       ${COLUMNS.map((_, n) => `sin(n * ${n + 1})`).join(', ')}
     from generate_series(1, ${ROWS}) n, lateral (select 'u_' || lpad(n::text, 7, '0') as id, '2024-03-15Z'::timestamptz as at) row`,
  );
  await database.pool.query('vacuum analyze joined');
  // The columns that the join of a window returns, read from a table: keys, time, side, label, features, flags.
  const statement = `
    select entity_key, null::text, row_time, held_out, label::int, ${COLUMNS.join(', ')}, true, false, false, false, false
    from joined`;
  const window = { from: new Date('2024-02-29Z'), to: new Date('2024-03-31Z') };

  const idle = await memory();
  const bare: Run[] = [];
  const freezing: Run[] = [];
  const reading: Run[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const bareRun = await timed(async () => {
      const client = await database.pool.connect();
      await CopyTap.run(client, `copy (${statement}) to stdout (format binary)`, () => undefined);
      client.release();
    });
    let dataset: Dataset | undefined;
    const request = { request: `bench/${round}`, definition, definitionVersion: 1, window };
    const freezeRun = await timed(async () => {
      dataset = await freezeRows(database, request, {
        join: { statement },
        asKnownAt: '2024-04-01T00:00:00.000000Z',
      });
    });
    const frozen = dataset!;
    if (frozen.rows !== ROWS) throw new Error(`froze ${frozen.rows} rows`);
    const readRun = await timed(() => readDataset(database, frozen));
    // Frozen rows are never deleted before they expire; the bench turns the trigger that refuses it off.
    await database.pool.query(
      `set session_replication_role = replica;
       truncate tidegate.dataset_chunk;
       set session_replication_role = default`,
    );
    // The first round warms everything up.
    if (round < 0) continue;
    bare.push(bareRun);
    freezing.push(freezeRun);
    reading.push(readRun);
  }
  console.log(`${ROWS} rows × ${COLUMNS.length} columns, median of ${ROUNDS}`);
  line('bare COPY, rows discarded', bare, '');
  line('freezing', freezing, `${ratio(freezing, bare).toFixed(2)} × the bare COPY; target 1.5 s`);
  line(
    'reading into typed columns',
    reading,
    `${ratio(reading, bare).toFixed(2)} × the bare COPY; target 0.3 s`,
  );
  const peak = await peakMemory();
  console.log(`  peak memory over idle, freezing and reading: ${((peak - idle) / MEGABYTE).toFixed(0)} MB`);
} finally {
  await drop();
}

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function timed(work: () => Promise<unknown>): Promise<Run> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1_000, cpuSeconds: (user + system) / 1e6 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function ratio(ours: readonly Run[], theirs: readonly Run[]): number {
  return median(ours.map(({ seconds }, at) => seconds / (theirs[at]?.seconds ?? NaN)));
}

function line(name: string, runs: readonly Run[], words: string): void {
  const wall = median(runs.map(({ seconds }) => seconds)).toFixed(2);
  const cpu = median(runs.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2);
  console.log(`  ${name.padEnd(28)} ${wall} s, Node CPU ${cpu} s  ${words}`);
}

async function memory(): Promise<number> {
  return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1]);
}

async function peakMemory(): Promise<number> {
  return 1_024 * Number(/VmHWM:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1]);
}
