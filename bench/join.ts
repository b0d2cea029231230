// Times the point-in-time join of 1,000,000 rows over four views of 3,000,000 rows each, against Feast's own statement in
// the same Postgres, and against the bare scan of the tables.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { category, numeric } from '../domain/model/parts/column.ts';
import { holdoutPolicy, parseDefinition, view } from '../domain/model/define-model.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type Database } from '../store/postgres/database.ts';
import { chooseJoinPlan } from '../store/join/choose-join-plan.ts';
import { windowSql } from '../store/join/window-sql.ts';
import { inlineParameters } from '../store/postgres/sql-text.ts';
import { benchPostgres } from './bench-postgres.ts';
import { FEAST_PACKAGES, feastSql } from './feast-join.ts';
import { pythonWith } from './python.ts';

const ROWS = Number(process.env['TIDEGATE_BENCH_ROWS'] ?? 1_000_000);
const SOURCE_ROWS = 3 * ROWS;
const ENTITIES = ROWS / 10;
const ROUNDS = Number(process.env['TIDEGATE_BENCH_ROUNDS'] ?? 3);
/** Feast's statement is cancelled after this time. */
const PATIENCE_SECONDS = Number(process.env['TIDEGATE_BENCH_PATIENCE'] ?? 600);
const VIEWS = ['usage', 'billing', 'support', 'payments'];
const WINDOW = ['2024-02-29T00:00:00Z', '2024-03-31T00:00:00Z', '2024-04-30T00:00:00Z'];

interface Measured {
  readonly seconds: number;
  readonly rows: number;
  readonly peakMegabytes: number;
}

const definition: ModelDefinition = parseDefinition({
  name: 'bench',
  entity: { name: 'user', keys: ['user_id'] },
  rows: { table: 'spine', timestamp: 'at' },
  features: VIEWS.map((table, index) =>
    view({
      table,
      timestamp: 'at',
      ttl: '30 days',
      known: 'known',
      lag: '6 hours',
      columns: {
        [`a${index}`]: numeric(),
        [`b${index}`]: numeric(),
        [`c${index}`]: numeric(),
        [`d${index}`]: category(),
      },
    }),
  ),
  label: { table: 'outcome', column: 'churned', timestamp: 'at' },
  monitor: { every: '1 month', window: '1 month' },
  training: { trainer: 'logistic-regression', window: '1 month' },
  promotion: {},
});

const run = promisify(execFile);
const { database, drop } = await benchPostgres({ durable: true });
try {
  await load(database);
  await compare(database);
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

async function compare({ pool }: Database): Promise<void> {
  const plan = await chooseJoinPlan(pool, definition);
  const ours = inlineParameters(windowSql(definition, holdoutPolicy(definition), plan), WINDOW);
  const python = await pythonWith(...FEAST_PACKAGES);
  const scan = `select count(*), ${VIEWS.map((table, index) => `(select count(d${index}) from ${table})`).join(', ')} from spine`;

  const scans = await repeated(scan);
  const joins = await repeated(ours);
  console.log(`${ROWS} rows over ${VIEWS.length} views of ${SOURCE_ROWS} rows each, medians of ${ROUNDS}`);
  console.log(`plan: ${plan.views.map(({ method }) => method).join(', ')}; label: ${plan.label}`);
  line('bare scan of the tables', scans.seconds, '');
  line(
    'ours',
    joins.seconds,
    `${(joins.seconds / scans.seconds).toFixed(1)} times the scan; ${joins.rows} rows; Node at most ${joins.peakMegabytes.toFixed(0)} MB`,
  );
  if (!python) return;
  const theirs = await patiently(await feastSql(python, definition, 'entity_df', 'event_timestamp'));
  const ratio = ((theirs?.seconds ?? PATIENCE_SECONDS) / joins.seconds).toFixed(1);
  line(
    "Feast's statement",
    theirs?.seconds ?? PATIENCE_SECONDS,
    theirs ? `${ratio} times Tidegate; ${theirs.rows} rows` : `cancelled: more than ${ratio} times Tidegate`,
  );
}

async function repeated(statement: string): Promise<Measured> {
  const measured: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) measured.push(await alone(statement));
  measured.sort((a, b) => a.seconds - b.seconds);
  return measured[Math.floor(ROUNDS / 2)] as Measured;
}

async function alone(statement: string, timeout = 0): Promise<Measured> {
  const url = new URL(database.url);
  url.searchParams.set('options', `-c statement_timeout=${timeout} -c TimeZone=UTC`);
  const script = fileURLToPath(new URL('join-alone.ts', import.meta.url));
  const { stdout } = await run(process.execPath, ['--import', 'tsx', script, url.href, statement]);
  return JSON.parse(stdout) as Measured;
}

/** Runs a statement once; undefined if it was cancelled by the timeout. */
async function patiently(statement: string): Promise<Measured | undefined> {
  try {
    return await alone(statement, PATIENCE_SECONDS * 1000);
  } catch (error) {
    if (String(error).includes('statement timeout')) return undefined;
    throw error;
  }
}

function line(name: string, seconds: number, words: string): void {
  console.log(`  ${name.padEnd(26)}${seconds.toFixed(2).padStart(9)} s  ${words}`);
}
