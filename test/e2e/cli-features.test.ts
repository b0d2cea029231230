// Tests the `features` commands and shared views with two example models that share a view.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../cli/shared/config.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { parseDefinition } from '../../domain/model/define-model.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import retention from '../examples/retention.ts';
import upsell from '../examples/upsell.ts';
import { usage } from '../examples/views/usage.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
let databaseUrl: string;
let folder: string;

beforeAll(async () => {
  database = await migratedDatabase();
  const { rows } = await database.pool.query<{ name: string }>('select current_database() as name');
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${rows[0]?.name}`;
  databaseUrl = url.href;
  folder = await mkdtemp(join(tmpdir(), 'tidegate-cli-'));
  await database.pool.query(`
    create schema examples;
    create table examples.users (user_id text, as_of timestamptz);
    create table examples.usage (user_id text, as_of timestamptz, loaded_at timestamptz, watch_hours float8, sessions int,
      last_seen_at timestamptz, primary key (user_id, as_of));
    create table examples.contract (user_id text, as_of timestamptz, monthly_fee numeric, months_active int, plan text,
      region text, primary key (user_id, as_of));
    create table examples.left (user_id text, as_of timestamptz, has_left boolean, has_upgraded boolean);
    insert into examples.users select 'u' || n, '2024-01-31' from generate_series(1, 20) n;
    insert into examples.usage select 'u' || n, '2024-01-30', '2024-01-30T03:00Z', 2 * n, n, '2024-01-29'
      from generate_series(1, 19) n;
    insert into examples.contract select 'u' || n, '2024-01-01', 10 * n, n, case when n % 2 = 0 then 'basic' else 'plus' end,
      case when n > 1 then 'e & u' end from generate_series(1, 20) n`);
  for (const model of [retention, upsell]) await applyDefinition(database, parseDefinition(model), 'ada');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

/** Runs a command and returns what it wrote to standard output. */
async function tidegate(...args: string[]): Promise<string> {
  let printed = '';
  const stdout = { write: (text: string) => (printed += text) };
  const output = new Output({ stdout, stderr: { write: () => undefined } });
  const config = readConfig({ DATABASE_URL: databaseUrl, TIDEGATE_DATA_DIR: folder });
  await buildProgram({ config: () => config, output }).parseAsync(args, { from: 'user' });
  return printed;
}

const answer = async <T>(...args: string[]): Promise<T> => JSON.parse(await tidegate(...args, '--json')) as T;

describe('features describe', () => {
  it('shows views with their times, columns and the models that share them, and derived columns with formulas', async () => {
    const text = await tidegate('features', 'describe', 'retention');
    expect(text).toContain('retention, definition 1');
    expect(text).toContain('view usage of examples.usage');
    expect(text).toContain('valid from as_of, for 45 days, known at loaded_at, at most 6 hours later');
    expect(text).toContain('view usage is shared with upsell');
    expect(text).toMatch(/^watch_hours +numeric +at least 0/m);
    expect(text).toMatch(/^last_seen_at +instant, input only/m);
    expect(text).toMatch(/^days_away +numeric +days from last_seen_at to the row time +– +critical$/m);
    expect(text).toMatch(/^tenure +category +range of months_active: new \| settled \| loyal \| old/m);
  });

  it('returns the same as JSON', async () => {
    expect(await answer('features', 'describe', 'retention')).toMatchObject({
      model: 'retention',
      definitionVersion: 1,
      appliedBy: 'ada',
      views: [
        { name: 'usage', keys: { user_id: 'user_id' }, lag: '6 hours' },
        { table: 'examples.contract' },
      ],
      derived: [
        { name: 'hours_per_session', view: 0 },
        { name: 'days_away', view: 0, inputs: ['last_seen_at'] },
        { name: 'fee_per_hour', view: null, formula: 'monthly_fee / watch_hours' },
        { name: 'log_fee' },
        { name: 'tenure' },
        { name: 'known_region', isFeature: false },
        { name: 'plan_in_region' },
      ],
      sharedViews: [{ view: 'usage', uses: [{ model: 'upsell', differences: [] }] }],
    });
  });

  it('warns of another model that declares the view differently', async () => {
    const changed = { ...upsell, name: 'changed', features: [{ ...usage, ttl: '9 days' }] };
    await applyDefinition(database, parseDefinition(changed), 'ada');
    expect(await tidegate('features', 'describe', 'upsell')).toContain(
      'warning: changed (definition 1) declares view usage differently: ttl is "9 days" there and "45 days" here',
    );
  });

  it('refuses an unknown model and an unknown definition', async () => {
    expect((await failureOf(tidegate('features', 'describe', 'nothing'))).code).toBe('UNKNOWN_MODEL');
    const failure = await failureOf(tidegate('features', 'describe', 'upsell', '--definition', '9'));
    expect([failure.code, failure.message]).toEqual(['UNKNOWN_VERSION', 'upsell has no definition 9']);
  });
});

describe('features rows', () => {
  const at = ['--as-of', '2024-02-01'];

  it('shows the features of an entity as the model would see them', async () => {
    const { rows } = await answer<{ rows: object[] }>(
      'features',
      'rows',
      'retention',
      ...at,
      '--key',
      'user_id=u1',
    );
    expect(rows).toEqual([
      {
        key: { user_id: 'u1' },
        features: {
          watch_hours: 2,
          sessions: 1,
          monthly_fee: 10,
          plan: 'plus',
          hours_per_session: 2,
          days_away: 3,
          fee_per_hour: 5,
          log_fee: Math.log1p(10),
          tenure: 'new',
          plan_in_region: 'plus & unknown',
        },
      },
    ]);
  });

  it('explains the source of each value', async () => {
    const explain = ['features', 'rows', 'retention', ...at, '--key', 'user_id=u2', '--explain'];
    const text = await tidegate(...explain);
    expect(text).toContain('user_id u2 as of 2024-02-01');
    expect(text).toMatch(/^watch_hours +4 +examples\.usage +2024-01-30T00:00:00\.000Z +2$/m);
    expect(text).toMatch(/^fee_per_hour +5 +monthly_fee \/ watch_hours +2024-01-01T00:00:00\.000Z +31$/m);
    expect(text).toMatch(/^region \(input only\) +e & u /m);
    const { rows } = await answer<{ rows: { explained: { name: string }[] }[] }>(...explain);
    expect(rows[0]?.explained).toContainEqual({
      name: 'last_seen_at',
      type: 'instant',
      isFeature: false,
      value: '2024-01-29T00:00:00.000Z',
      table: 'examples.usage',
      formula: null,
      timestamp: '2024-01-30T00:00:00.000Z',
    });
  });

  it('shows several entities in one table, in the order of their keys', async () => {
    const text = await tidegate('features', 'rows', 'upsell', ...at, '--limit', '3');
    expect(
      text
        .split('\n')
        .slice(1, 5)
        .map((line) => line.split(/ +/)[0]),
    ).toEqual(['user_id', 'u1', 'u10', 'u11']);
  });

  it('says so if the entity does not exist', async () => {
    const failure = await failureOf(tidegate('features', 'rows', 'upsell', ...at, '--key', 'user_id=nobody'));
    expect(failure.code).toBe('EMPTY_WINDOW');
    expect(failure.message).toContain('no entity {"user_id":"nobody"} at 2024-02-01');
    const wrong = await failureOf(tidegate('features', 'rows', 'upsell', ...at, '--key', 'user=u1'));
    expect(wrong.code).toBe('INVALID_REQUEST');
  });
});

describe('features stats', () => {
  it("describes each feature over the monitor's window", async () => {
    const stats = await answer<{ rows: number; features: object[] }>(
      'features',
      'stats',
      'retention',
      '--as-of',
      '2024-01-31',
    );
    expect(stats.rows).toBe(20);
    expect(stats.features).toContainEqual(
      expect.objectContaining({
        name: 'hours_per_session',
        kind: 'numeric',
        rows: 20,
        missing: 1,
        min: 2,
        max: 2,
        mean: 2,
        sd: 0,
      }),
    );
    expect(stats.features).toContainEqual(
      expect.objectContaining({ name: 'plan', kind: 'category', distinct: 2, top: [{ value: 'basic', count: 10 }, { value: 'plus', count: 10 }] }),
    ); // prettier-ignore
  });

  it('shows numbers and categories in separate tables', async () => {
    const text = await tidegate(
      'features',
      'stats',
      'retention',
      '--as-of',
      '2024-01-31',
      '--window',
      '7 days',
    );
    expect(text).toContain('retention: 20 rows in (2024-01-24, 2024-01-31]');
    expect(text).toMatch(/^days_away +5\.0 % +2 /m);
    expect(text).toMatch(/^sessions +5\.0 % +1 +1 +5 +10 +15 +19 +19 +10 /m);
    expect(text).toMatch(/^tenure +0\.0 % +3 +loyal 45\.0 %, settled 30\.0 %, new 25\.0 %$/m);
  });

  it('says so if the window is empty', async () => {
    const failure = await failureOf(tidegate('features', 'stats', 'retention', '--as-of', '2030-01-01'));
    expect([failure.code, failure.message]).toEqual([
      'EMPTY_WINDOW',
      'examples.users has no rows in (2029-12-01T00:00:00.000Z, 2030-01-01T00:00:00.000Z]',
    ]);
  });
});
