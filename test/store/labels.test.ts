// Labels: a row has the label with exactly its time that was known last by the instant of the freeze.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { sourceNotes } from '../../store/definitions/source-notes.ts';
import {
  countFreshLabels,
  newestLabelledTime,
  newestRowTime,
} from '../../store/join/newest-labelled-time.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';
const loaded_at = '2024-03-20T00:00:00Z';
const row = { user_id: 'u', at };

test('uses a label known exactly at as_known_at, and none known later', async () => {
  const model = await sampleModel(database, 'known_edge');
  await model.insert('spine', row);
  await model.insert('outcome', { ...row, loaded_at, gone: true });
  expect(await model.join({ asKnownAt: '2024-03-19T23:59:59.999999Z' })).toMatchObject([{ label: null }]);
  expect(await model.join({ asKnownAt: loaded_at })).toMatchObject([{ label: 1 }]);
});

test('uses the previous label until a changed one is known', async () => {
  const model = await sampleModel(database, 'changed_label');
  await model.insert('spine', row);
  const later = '2024-04-01T00:00:00Z';
  await model.insert('outcome', { ...row, loaded_at, gone: true }, { ...row, loaded_at: later, gone: false });
  expect(await model.join({ asKnownAt: loaded_at })).toMatchObject([{ label: 1 }]);
  expect(await model.join({ asKnownAt: later })).toMatchObject([{ label: 0 }]);
});

test('does not use a label of another time', async () => {
  const model = await sampleModel(database, 'other_time');
  await model.insert('spine', row);
  await model.insert('outcome', { user_id: 'u', at: '2024-03-15T12:00:00.000001Z', loaded_at, gone: true });
  expect(await model.join()).toMatchObject([{ label: null }]);
});

test('treats a null label as no label', async () => {
  const model = await sampleModel(database, 'null_label');
  await model.insert('spine', row);
  await model.insert('outcome', { ...row, loaded_at, gone: null });
  expect(await model.join()).toMatchObject([{ label: null }]);
});

test('returns one row if labels tie', async () => {
  const model = await sampleModel(database, 'tied_labels');
  await model.insert('spine', row);
  const [no, yes] = [false, true].map((gone) => ({ ...row, loaded_at, gone }));
  await model.insert('outcome', { ...row, loaded_at, gone: null }, yes ?? {}, no ?? {});
  expect(await model.join()).toMatchObject([{ label: 1 }]);
});

test('counts labels as known at their own time if the table has no known column', async () => {
  const model = await sampleModel(database, 'no_known');
  const label = { table: 'no_known.outcome', column: 'gone', timestamp: 'at' };
  const timeless = await sampleModel(database, 'no_known_model', {
    model: { label, rows: { table: 'no_known.spine', timestamp: 'at' } },
  });
  await model.insert('spine', row);
  await model.insert('outcome', { ...row, gone: true });
  expect(await timeless.join({ asKnownAt: '2000-01-01Z' })).toMatchObject([{ label: 1 }]);
});

const positives = [
  ['boolean', true, ['true', 'false'], [1, 0]],
  ['boolean', false, ['true', 'false'], [0, 1]],
  ['text', 'yes', ['yes', 'no', 'Yes'], [1, 0, 0]],
  ['text', "o'clock", ["o'clock", 'other'], [1, 0]],
  ['integer', 1, ['1', '0', '2'], [1, 0, 0]],
  ['numeric(3,1)', 1, ['1.0', '0.0'], [1, 0]],
  ['double precision', 0.5, ['0.5', '1'], [1, 0]],
  ['integer', true, ['1', '0', '2', null], [1, 0, null, null]],
  ['smallint', false, ['1', '0'], [0, 1]],
  ['bigint', 9007199254740992, ['9007199254740992', '9007199254740993'], [1, 0]],
  ['numeric(3,2)', true, ['1.00', '0.00', 'NaN'], [1, 0, null]],
  ['real', true, ['1', '-0'], [1, 0]],
  ['real', 0.1, ['0.1', '0.2', 'NaN'], [1, 0, null]],
  ['boolean', 1, ['true', 'false'], [1, 0]],
  ['boolean', 0, ['true', 'false'], [0, 1]],
  ['varchar(5)', true, ['Y', 'n', ' No ', 'TRUE', 'f', '1.0', '', 'maybe'], [1, 0, 0, 1, 0, 1, null, null]],
  ['char(4)', 'yes', ['yes', 'no'], [1, 0]],
  ['char(4)', true, ['y', 'n'], [1, 0]],
  ['text', 1, ['1', '1.0', '1e0', '0', 'one', '1e99999'], [1, 1, 1, 0, null, null]],
  ['text', 'churned', ['churned', 'active', 'Churned', 'paused'], [1, 0, 0, 0]],
] as const;

test.each(positives.map((each, n) => [...each, n] as const))(
  'a %s label of which %j is positive is read by its values',
  async (type, positive, values, labels, n) => {
    const name = `positive_${n}`;
    const model = await sampleModel(database, name, { label: { positive } });
    await database.pool.query(
      `alter table ${model.table('outcome')} drop column gone; alter table ${model.table('outcome')} add gone ${type}`,
    );
    for (const [n, gone] of values.entries()) {
      await model.insert('spine', { user_id: `${n}`, at });
      await model.insert('outcome', { user_id: `${n}`, at, loaded_at, gone });
    }
    expect((await model.join()).map(({ label }) => label)).toEqual([...labels]);
  },
);

test('treats a label of neither class as no label, and not as an absent one', async () => {
  const absent = { positive: true, absentMeans: 'negative', delay: '1 day' } as const;
  const model = await sampleModel(database, 'neither', { label: absent });
  await database.pool.query(`alter table ${model.table('outcome')} alter gone type text`);
  await model.insert('spine', row, { ...row, user_id: 'v' });
  await model.insert('outcome', { ...row, loaded_at, gone: 'maybe' });
  expect((await model.join()).map(({ label }) => label)).toEqual([null, 0]);
  expect(await countFreshLabels(database, model.definition, window)).toBe(
    (await model.join()).filter(({ label, held_out }) => label !== null && !held_out).length,
  );
});

const window = { from: new Date('2024-01-01Z'), to: new Date('2024-12-01Z') };

describe('a definition whose label cannot be read', () => {
  const readAs = async (
    type: string,
    values: readonly (string | null)[],
    positive?: boolean | string | number,
  ) => {
    const name = `read_${randomUUID().slice(0, 8)}`;
    const options = positive === undefined ? {} : { label: { positive } };
    const model = await sampleModel(database, name, options);
    const outcome = model.table('outcome');
    if (type === 'mood') {
      await database.pool.query(`create type ${name}.mood as enum ('churned', 'active', 'paused')`);
    }
    const exact = type === 'mood' ? `${name}.mood` : type;
    await database.pool.query(
      `alter table ${outcome} drop column gone; alter table ${outcome} add gone ${exact}`,
    );
    await model.insert('outcome', ...values.map((gone, n) => ({ user_id: `${n}`, at, loaded_at, gone })));
    await applyDefinition(database, model.definition, 'ada');
    const notes = await sourceNotes(database, model.definition);
    return notes.find(({ about }) => about === 'label');
  };

  test.each([
    ['three numbers instead of two classes', 'integer', ['0', '1', '2'], undefined, "'2' (1 row)"],
    [
      'texts without a stated positive value',
      'text',
      ['churned', 'active', 'active'],
      undefined,
      "'active' (2 rows), 'churned' (1 row)",
    ],
    ['an enumeration', 'mood', ['churned', 'active'], true, "'active' (1 row), 'churned' (1 row)"],
    ['dates', 'date', ['2024-01-01'], undefined, "'2024-01-01' (1 row)"],
    [
      'a text among the values although positive is a number',
      'text',
      ['yes', '1'],
      1,
      "'1' (1 row), 'yes' (1 row)",
    ],
    [
      'a value with other capitals',
      'text',
      ['churned', 'active'],
      'Churned',
      "'active' (1 row), 'churned' (1 row)",
    ],
    [
      'a padded value that does not match',
      'char(9)',
      ['churned', 'active'],
      'churned  ',
      "'churned' (1 row)",
    ],
    ['a text for a boolean column', 'boolean', ['true', 'false'], 'yes', "'false' (1 row), 'true' (1 row)"],
    ['a number that never occurs', 'smallint', ['0', '1'], 2, "'0' (1 row), '1' (1 row)"],
  ])('is refused with the values of the column: %s', async (_, type, values, positive, listed) => {
    const failure = await failureOf(readAs(type, values, positive));
    expect(failure.code).toBe('LABEL_UNREADABLE');
    expect(failure.places.map(({ at }) => at)).toEqual(['label.positive']);
    expect(failure.message).toContain(listed);
    expect(failure.remedy).toContain('label.positive');
  });

  test.each([
    ['an empty table', 'integer', [], undefined, false, 'contains no label yet'],
    ['only nulls', 'text', [null, null], 'churned', false, 'contains no label yet'],
    [
      'one class',
      'integer',
      ['0', '0'],
      undefined,
      true,
      "negative is '0' (2 rows): there is only one class",
    ],
    [
      'a value that has not occurred yet',
      'text',
      ['active'],
      'churned',
      true,
      'positive is none of its values',
    ],
    [
      '0 and 1',
      'integer',
      ['0', '1', '1'],
      undefined,
      false,
      "positive is '1' (2 rows), negative is '0' (1 row)",
    ],
    [
      'a third value',
      'mood',
      ['churned', 'active', 'paused'],
      'churned',
      false,
      "negative is 'active' (1 row), 'paused' (1 row)",
    ],
  ])('is applied, with a note on how it is read: %s', async (_, type, values, positive, isWarning, words) => {
    const note = await readAs(type, values, positive);
    expect(note).toMatchObject({ isWarning });
    expect(note?.words).toContain(words);
  });
});

test('finds the newest time of a row with a label that is known by now, at or before the as-of', async () => {
  const model = await sampleModel(database, 'newest');
  const days = ['2024-03-01Z', '2024-03-02Z', '2024-03-03Z', '2024-03-04Z'];
  await model.insert('spine', ...days.map((day) => ({ user_id: 'u', at: day })));
  expect(await newestLabelledTime(database, model.definition, null)).toBeUndefined();
  await model.insert(
    'outcome',
    { user_id: 'u', at: days[0], loaded_at, gone: true },
    { user_id: 'u', at: days[1], loaded_at, gone: false },
    { user_id: 'u', at: days[2], loaded_at, gone: null },
    { user_id: 'u', at: days[3], loaded_at: '2999-01-01Z', gone: true },
    { user_id: 'stranger', at: days[3], loaded_at, gone: true },
  );
  const newest = (asOf: string | null) =>
    newestLabelledTime(database, model.definition, asOf === null ? null : new Date(asOf));
  expect(await newest(null)).toEqual(new Date('2024-03-02Z'));
  expect(await newest('2024-03-02T00:00:00Z')).toEqual(new Date('2024-03-02Z'));
  expect(await newest('2024-03-01T23:59:59.999Z')).toEqual(new Date('2024-03-01Z'));
});

test('a window that ends at the newest labelled time contains that row, also between two milliseconds', async () => {
  const model = await sampleModel(database, 'fractions');
  const fraction = '2024-03-02T00:00:00.123456Z';
  await model.insert('spine', { user_id: 'u', at: fraction });
  await model.insert('outcome', { user_id: 'u', at: fraction, loaded_at, gone: true });
  const labelled = await newestLabelledTime(database, model.definition, null);
  const newest = await newestRowTime(database, model.definition);
  expect(newest).toEqual(new Date('2024-03-02T00:00:00.124Z'));
  expect(labelled).toEqual(newest);
  expect(await model.join({ to: (newest as Date).toISOString() })).toHaveLength(1);
});
