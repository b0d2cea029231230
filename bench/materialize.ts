// Times writing online rows: a full materialization, and an increment for one entity in a hundred.
//
//   npm run bench:materialize [-- entities]
//
// Starts a temporary Postgres. Three views of one row per entity each; an increment reads new
// rows for 1 % of the entities in each view. Passes or fails by the ratio within one run.
import { category, numeric } from '../domain/model/parts/column.ts';
import { parseDefinition, view } from '../domain/model/define-model.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { type Database } from '../store/postgres/database.ts';
import { applyDefinition, getDefinition } from '../store/definitions/definitions.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { materialize } from '../store/online/materialize.ts';
import { type MaterializeScope } from '../domain/data/materialized.ts';
import { benchPostgres } from './bench-postgres.ts';

const ENTITIES = Number(process.argv[2] ?? 1_000_000);
const REPEATS = 3;
const MAX_SHARE = 0.05;
const VIEWS = ['usage', 'billing', 'support'];
const hour = (n: number): Date => new Date(Date.UTC(2024, 0, 1, n));

const definition = parseDefinition({
  name: 'bench',
  entity: { name: 'user', keys: ['user_id'] },
  rows: { table: 'bench.spine', timestamp: 'at' },
  features: VIEWS.map((name) =>
    view({
      table: `bench.${name}`,
      timestamp: 'at',
      known: 'loaded_at',
      lag: '6 hours',
      ttl: '45 days',
      columns: { [`${name}_a`]: numeric(), [`${name}_b`]: numeric(), [`${name}_c`]: category(['x', 'y']) },
    }),
  ),
  label: { table: 'bench.spine', column: 'gone', timestamp: 'at' },
  monitor: { every: '1 month', window: '1 month' },
  training: { trainer: 'logistic-regression', window: '1 month' },
  promotion: {},
});

/** Loads rows of one hour for entities whose number modulo `every` is `rest`. */
async function load(database: Database, at: Date, every: number, rest: number): Promise<void> {
  for (const name of VIEWS) {
    await database.pool.query(
      `insert into bench.${name}
       select 'u_' || lpad(n::text, 8, '0'), $1, $1, n * 0.37 + $4, n % 1000, case n % 2 when 0 then 'x' else 'y' end
       from generate_series(1, $2) n where n % $3 = $5`,
      [at, ENTITIES, every, at.getTime() % 1_000_003, rest],
    );
  }
}

async function prepare(database: Database): Promise<void> {
  await migrate(database, tidegateMigrations);
  await database.pool.query(
    'create schema bench; create table bench.spine (user_id text, at timestamptz, gone boolean)',
  );
  await database.pool.query(
    `insert into bench.spine select 'u_' || lpad(n::text, 8, '0'), $1, false from generate_series(1, $2) n`,
    [hour(0), ENTITIES],
  );
  for (const name of VIEWS) {
    await database.pool.query(
      `create table bench.${name} (user_id text, at timestamptz, loaded_at timestamptz,
         ${name}_a float8, ${name}_b float8, ${name}_c text)`,
    );
  }
  await load(database, hour(0), 1, 0);
  for (const name of VIEWS) await database.pool.query(`create index on bench.${name} (user_id, at desc)`);
  await database.pool.query('create index on bench.spine (user_id)');
  await database.pool.query('analyze');
  await applyDefinition(database, definition, 'bench');
}

async function timed(database: Database, asOf: Date, scope: MaterializeScope, version = 1): Promise<number> {
  const source = { ...(await getDefinition(database, 'bench')), version };
  const start = performance.now();
  const done = await materialize(database, { source, asOf, scope });
  const seconds = (performance.now() - start) / 1000;
  console.log(`  ${scope.kind}: ${done.lookedAt} checked, ${done.written} written, ${seconds.toFixed(2)} s`);
  return seconds;
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;

const { database, drop } = await benchPostgres({ durable: false });
try {
  console.log(`${ENTITIES} entities, ${VIEWS.length} views`);
  await prepare(database);
  const whole: number[] = [];
  const increments: number[] = [];
  for (let round = 0; round < REPEATS; round += 1) {
    // A new definition version each time, so that every row is written and not only compared.
    whole.push(await timed(database, hour(3 * round + 1), { kind: 'full' }, round + 1));
    await load(database, hour(3 * round + 2), 100, round);
    increments.push(await timed(database, hour(3 * round + 3), { kind: 'increment' }, round + 1));
  }
  const [full, increment] = [median(whole), median(increments)];
  const share = increment / full;
  console.log(`whole: ${full.toFixed(2)} s, ${Math.round(ENTITIES / full)} entities a second`);
  console.log(`increment of 1 %: ${increment.toFixed(2)} s, ${(100 * share).toFixed(1)} % of the whole`);
  if (share > MAX_SHARE) {
    console.error(`an increment of 1 % costs more than ${100 * MAX_SHARE} % of the whole`);
    process.exitCode = 1;
  }
} finally {
  await drop();
}
