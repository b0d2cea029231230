// Times the point-in-time join of 1,000,000 rows over four views of 3,000,000 rows each, against Feast's own statement in
// the same Postgres, and against the bare scan of the tables.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Database } from '../store/postgres/database.ts';
import { benchPostgres } from './bench-postgres.ts';
import { definition, VIEWS } from './join-model.ts';
import { processorSeconds } from './process-cost.ts';
import { FEAST_PACKAGES, feastSql } from './feast-join.ts';
import { pythonWith } from './python.ts';

const ROWS = Number(process.env['TIDEGATE_BENCH_ROWS'] ?? 1_000_000);
const SOURCE_ROWS = 3 * ROWS;
const ENTITIES = ROWS / 10;
const ROUNDS = Number(process.env['TIDEGATE_BENCH_ROUNDS'] ?? 3);
/** Feast's statement is cancelled after this time. */
const PATIENCE_SECONDS = Number(process.env['TIDEGATE_BENCH_PATIENCE'] ?? 600);

interface Measured {
  readonly seconds: number;
  readonly rows: number;
  /** Of the joined rows; absent for a statement. */
  readonly digest?: string;
  readonly peakMegabytes: number;
  /** Processor seconds of the process that reads, and of Postgres. */
  readonly node: number;
  readonly postgres: number;
}

const run = promisify(execFile);
const { database, folder, drop } = await benchPostgres({ durable: true });
const postgres = Number(
  (await readFile(join(folder, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0],
);
try {
  await load(database);
  await compare();
} finally {
  await drop();
}

/** Loads ten row times per entity, one a day; each view has thirty rows per entity on average, over 60 days. */
async function load({ pool }: Database): Promise<void> {
  process.stderr.write('loading …\n');
  const toDays = (text: string): string => `interval '1 day' * (${text})`;
  await pool.query(`
    create table spine as
      select entity::bigint as user_id,
             timestamptz '2024-03-01Z' + ${toDays('day')} + interval '1 minute' * (entity % 1440) as at
      from generate_series(0, 9) day, generate_series(1, ${ENTITIES}) entity;
    create table outcome as select user_id, at, random() < 0.3 as churned from spine;
    alter table spine add primary key (user_id, at);
    alter table outcome add primary key (user_id, at);
    create index on spine (at)`);
  for (const [index, name] of VIEWS.entries()) {
    await pool.query(`
      create table ${name} as
        select (1 + floor(random() * ${ENTITIES}))::bigint as user_id, at, at + random() * interval '6 hours' as known,
               random() * 100 as a${index}, random() as b${index}, floor(random() * 10) as c${index},
               (array['DSL', 'Fiber optic', 'No'])[1 + floor(random() * 3)] as d${index}
        from (select timestamptz '2024-01-20Z' + ${toDays(`50.0 * i / ${SOURCE_ROWS}`)} as at
              from generate_series(1, ${SOURCE_ROWS}) i) times;
      alter table ${name} add primary key (user_id, at, known)`);
  }
  await pool.query('create table entity_df as select user_id, at as event_timestamp from spine');
  await pool.query('vacuum analyze');
}

async function compare(): Promise<void> {
  const python = await pythonWith(...FEAST_PACKAGES);
  const scan = `select count(*), ${VIEWS.map((table, index) => `(select count(d${index}) from ${table})`).join(', ')} from spine`;

  const scans = await repeated(() => alone('join-alone.ts', scan));
  const merged = await repeated(() => alone('join-window-alone.ts', 'merge'));
  const joins = await repeated(() => alone('join-window-alone.ts', 'postgres'));
  console.log(`${ROWS} rows over ${VIEWS.length} views of ${SOURCE_ROWS} rows each, medians of ${ROUNDS}`);
  line('bare scan of the tables', scans.seconds, costsOf(scans));
  line(
    'merged by Node',
    merged.seconds,
    `${(merged.seconds / scans.seconds).toFixed(1)} times the scan; ${merged.rows} rows; ${costsOf(merged)}`,
  );
  line(
    'joined by Postgres',
    joins.seconds,
    `${(joins.seconds / merged.seconds).toFixed(1)} times the merge; ${joins.rows} rows; ${costsOf(joins)}`,
  );
  if (merged.digest !== joins.digest) throw new Error('the two joins gave different rows');
  if (!python) return;
  const theirs = await patiently(await feastSql(python, definition, 'entity_df', 'event_timestamp'));
  const ratio = ((theirs?.seconds ?? PATIENCE_SECONDS) / merged.seconds).toFixed(1);
  line(
    "Feast's statement",
    theirs?.seconds ?? PATIENCE_SECONDS,
    theirs ? `${ratio} times Tidegate; ${theirs.rows} rows` : `cancelled: more than ${ratio} times Tidegate`,
  );
}

function costsOf({ node, postgres: server, peakMegabytes }: Measured): string {
  return `Node ${node.toFixed(1)} and Postgres ${server.toFixed(1)} processor seconds; Node at most ${peakMegabytes.toFixed(0)} MB`;
}

async function repeated(measure: () => Promise<Measured>): Promise<Measured> {
  const measured: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) measured.push(await measure());
  measured.sort((a, b) => a.seconds - b.seconds);
  return measured[Math.floor(ROUNDS / 2)] as Measured;
}

/** Runs a script of this folder in a process of its own. */
async function alone(script: string, argument: string, timeout = 0): Promise<Measured> {
  const url = new URL(database.url);
  url.searchParams.set('options', `-c statement_timeout=${timeout} -c TimeZone=UTC`);
  const path = fileURLToPath(new URL(script, import.meta.url));
  const before = await processorSeconds(postgres);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', path, url.href, argument]);
  const found = JSON.parse(stdout) as Omit<Measured, 'postgres'>;
  return { ...found, postgres: (await processorSeconds(postgres)) - before };
}

/** Runs a statement once; undefined if it was cancelled by the timeout. */
async function patiently(statement: string): Promise<Measured | undefined> {
  try {
    return await alone('join-alone.ts', statement, PATIENCE_SECONDS * 1000);
  } catch (error) {
    if (String(error).includes('statement timeout')) return undefined;
    throw error;
  }
}

function line(name: string, seconds: number, words: string): void {
  console.log(`  ${name.padEnd(26)}${seconds.toFixed(2).padStart(9)} s  ${words}`);
}
