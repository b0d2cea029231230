// Infinite and extreme instants in every time column: each has a meaning, and nothing fails because of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examineModel } from '../../cli/commands/doctor/examine-model.ts';
import { instant, numeric } from '../../domain/model/parts/column.ts';
import { calendar, daysSince, isMissing } from '../../domain/model/index.ts';
import { windowEndingAt } from '../../domain/model/window.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { labelTimes } from '../../store/join/label-times.ts';
import { lateViews } from '../../store/join/late-views.ts';
import { newestLabelledTime, newestRowTime } from '../../store/join/newest-labelled-time.ts';
import { rowsAt } from '../../store/join/rows-at.ts';
import { windowStats } from '../../store/join/window-stats.ts';
import { findOnlineRows } from '../../store/online/lookup.ts';
import { materialize } from '../../store/online/materialize.ts';
import { tableFacts } from '../../store/profiles/table-facts.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const now = new Date('2024-03-15T00:00:00Z');

/**
 * The first and the last instant of a type, and one that a JavaScript Date cannot represent, if the type has
 * one.
 */
const ends = {
  timestamptz: ['4713-01-01 00:00:00+00 BC', '294276-12-31 00:00:00+00', '12000-01-01 00:00:00+00'],
  timestamp: ['4713-01-01 00:00:00 BC', '294276-12-31 00:00:00', '12000-01-01 00:00:00'],
  date: ['4713-01-01 BC', '5874897-12-31', '12000-01-01'],
} as const;

describe.each(Object.keys(ends) as (keyof typeof ends)[])('in columns of type %s', (type) => {
  const name = `ends_${type}`;
  const source = async () => getDefinition(database, name);

  let sample: SampleModel;

  beforeAll(async () => {
    const [first, last, far] = ends[type];
    sample = await sampleModel(database, name, {
      view: {
        known: 'loaded_at',
        lag: '6 hours',
        columns: { hours: numeric(), since: instant() },
        derived: {
          days: daysSince('since'),
          month: calendar('since', 'month'),
          unknown: isMissing('since'),
        },
      },
    });
    await database.pool.query(`
      drop table ${name}.spine, ${name}.usage, ${name}.outcome;
      create table ${name}.spine (user_id text, region text, at ${type});
      create table ${name}.usage
        (user_id text, region text, at ${type}, loaded_at ${type}, hours float8, since ${type});
      create table ${name}.outcome (user_id text, region text, at ${type}, loaded_at ${type}, gone boolean);
      insert into ${name}.spine select user_id, 'eu', at::${type} from (values
        ('usual', '2024-03-10'), ('other', '2024-03-10'), ('ever', '-infinity'), ('ever', '2024-03-10'),
        ('only-ever', '-infinity'), ('never', 'infinity'), ('far', '${far}'), ('last', '${last}'),
        ('first', '${first}')) rows (user_id, at);
      insert into ${name}.usage select user_id, 'eu', at::${type}, known::${type}, hours, since::${type} from (values
        ('usual', '2024-03-09', '2024-03-09', 1, 'infinity'),
        ('usual', 'infinity', '2024-03-09', 2, '2024-01-01'),
        ('usual', '${last}', '2024-03-09', 3, '2024-01-01'),
        ('other', '2024-03-01', '-infinity', 4, '-infinity'),
        ('other', '2024-03-09', 'infinity', 5, '${last}'),
        ('ever', '-infinity', '-infinity', 6, '${last}'),
        ('first', '${first}', '${first}', 7, '${first}')) rows (user_id, at, known, hours, since);
      insert into ${name}.outcome select user_id, 'eu', at::${type}, known::${type}, gone from (values
        ('usual', '2024-03-10', '-infinity', true),
        ('other', '2024-03-10', 'infinity', true),
        ('ever', '2024-03-10', '2024-03-12', false),
        ('never', 'infinity', '2024-03-12', true),
        ('far', '${far}', '2024-03-12', true),
        ('only-ever', '-infinity', '2024-03-12', true)) rows (user_id, at, known, gone);
    `);
    await applyDefinition(database, sample.definition, 'ada');
  });

  test('the newest row is the newest one at which a window can end', async () => {
    const { definition } = await source();
    expect(await newestRowTime(database, definition)).toEqual(new Date('2024-03-10Z'));
    expect(await newestLabelledTime(database, definition, now)).toEqual(new Date('2024-03-10Z'));
    expect(await newestLabelledTime(database, definition, null)).toEqual(new Date('2024-03-10Z'));
    const findings = await examineModel(database, definition);
    expect(findings[0]).toMatchObject({ kind: 'ok' });
  });

  test('a window contains only rows with a finite time, and a label known at infinity does not count', async () => {
    const { definition, version } = await source();
    const window = windowEndingAt(now, '1 month', definition.monitor);
    const dataset = await freezeWindow(database, {
      request: `${name}/march`,
      definition,
      definitionVersion: version,
      window,
    });
    expect(dataset).toMatchObject({ rows: 3, labelledRows: 2 });
    const { from, to } = { from: window.from.toISOString(), to: now.toISOString() };
    // A value with timestamp -infinity is always valid, one with infinity never, and one known at infinity is
    // never known.
    expect(await sample.join({ from, to, asKnownAt: to })).toMatchObject([
      { entity_key: '["ever", "eu"]', label: 0, hours: 6 },
      { entity_key: '["other", "eu"]', label: null, hours: 4 },
      { entity_key: '["usual", "eu"]', label: 1, hours: 1 },
    ]);
    const stats = await windowStats(database, definition, window);
    expect(stats.features.find((feature) => feature.name === 'unknown')).toMatchObject({
      top: [{ value: 'true', count: 3 }],
    });
    expect(stats.features.find((feature) => feature.name === 'days')).toMatchObject({ missing: 3 });
    expect((await labelTimes(database, definition, dataset))?.newestKnown).not.toBe(-Infinity);
    expect(await lateViews(database, definition, dataset)).toMatchObject([{ late: 0 }]);
  });

  test('the newest row of a table has a finite time', async () => {
    const { definition } = await source();
    const facts = await tableFacts(database, definition, windowEndingAt(now, '1 month', definition.monitor));
    expect(facts.map(({ newest }) => newest)).toEqual([new Date('2024-03-10Z'), new Date('2024-03-09Z')]);
    const onlyEver = await tableFacts(
      database,
      definition,
      windowEndingAt(new Date('0001-02-01Z'), '1 month', definition.monitor),
    );
    expect(onlyEver.map(({ newest }) => newest?.getUTCFullYear())).toEqual([-4712, -4712]);
  });

  test('an entity with a row at -infinity always exists, and one with a row at infinity never does', async () => {
    const stored = await source();
    const rows = await rowsAt(database, stored.definition, { asOf: now, limit: 10 });
    expect(rows.map(({ key }) => key['user_id'])).toEqual(['ever', 'first', 'only-ever', 'other', 'usual']);
    expect(rows.map(({ values }) => values.get('hours'))).toEqual([6, 7, null, 4, 1]);
    await materialize(database, { source: stored, asOf: now });
    const [ever, nobody] = await findOnlineRows(
      database,
      ['ever', 'never'].map((user) => ({ model: name, definitionVersion: 1, entityKey: [user, 'eu'] })),
    );
    expect(nobody).toBeUndefined();
    expect(ever).toMatchObject({ features: { hours: 6, since: null } });
    // -infinity is read as the first instant that Postgres can represent: older than any ttl, and still a
    // date.
    expect(new Date((ever?.viewTimes[0] ?? 0) / 1_000).getUTCFullYear()).toBe(-4713);
    const later = new Date('2024-03-16Z');
    expect(await materialize(database, { source: stored, asOf: later })).toMatchObject({ asOf: later });
  });
});

test('a rows table with only infinite times has no newest row', async () => {
  const model = await sampleModel(database, 'nowhere_in_time');
  await model.insert('spine', { user_id: 'a', at: 'infinity' }, { user_id: 'b', at: '-infinity' });
  await applyDefinition(database, model.definition, 'ada');
  expect(await newestRowTime(database, model.definition)).toBeUndefined();
  const stored = await getDefinition(database, 'nowhere_in_time');
  expect((await failureOf(materialize(database, { source: stored, asOf: now }))).code).toBe(
    'NO_ONLINE_VALUES',
  );
});
