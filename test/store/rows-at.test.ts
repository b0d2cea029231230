// Point-in-time rows of some entities at an instant.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { category, instant, numeric } from '../../domain/model/parts/column.ts';
import { daysSince, isMissing } from '../../domain/model/index.ts';
import { rowsAt } from '../../store/join/rows-at.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;
let sample: SampleModel;

const asOf = new Date('2024-02-01T00:00:00Z');
const micros = (text: string): number => Date.parse(text) * 1_000;

beforeAll(async () => {
  database = await migratedDatabase();
  sample = await sampleModel(database, 'rows_at', {
    view: { columns: { hours: numeric(), plan: category(), loaded_at: instant() }, ttl: '20 days' },
    model: { derived: { loaded: daysSince('loaded_at'), unknown: isMissing('plan') } },
  });
  await sample.insert(
    'spine',
    { user_id: 'b', at: '2024-01-10Z' },
    { user_id: 'a', region: 'us', at: '2024-01-10Z' },
    { user_id: 'a', at: '2024-01-01Z' },
    { user_id: 'a', at: '2024-03-01Z' },
    { user_id: 'later', at: '2024-02-01T00:00:00.000001Z' },
    { user_id: "o'clock", at: '2024-01-10Z' },
  );
  await sample.insert(
    'usage',
    { user_id: 'a', at: '2024-01-20Z', loaded_at: '2024-01-30Z', hours: 'Infinity', plan: '__proto__' },
    { user_id: 'a', at: '2024-01-15Z', hours: 1 },
    { user_id: 'b', at: '2024-01-11Z', hours: 2 },
    { user_id: "o'clock", at: '2024-01-20T00:00:00.000001Z', hours: 'NaN', plan: '🙂' },
  );
});
afterAll(() => database.drop());

const rows = (options: Partial<Parameters<typeof rowsAt>[2]> = {}) =>
  rowsAt(database, sample.definition, { asOf, limit: 100, ...options });

describe('rows at an instant', () => {
  test('are the rows of all entities that existed, ordered by key, with the values known then', async () => {
    const found = await rows();
    expect(found.map(({ key }) => [key['user_id'], key['region']])).toEqual([
      ['a', 'eu'],
      ['a', 'us'],
      ['b', 'eu'],
      ["o'clock", 'eu'],
    ]);
    expect(found.map(({ values }) => Object.fromEntries(values))).toEqual([
      { hours: Infinity, plan: '__proto__', loaded_at: micros('2024-01-30Z'), loaded: 2, unknown: 'false' },
      { hours: null, plan: null, loaded_at: null, loaded: null, unknown: 'true' },
      // 21 days old, which is older than the ttl.
      { hours: null, plan: null, loaded_at: null, loaded: null, unknown: 'true' },
      { hours: null, plan: '🙂', loaded_at: null, loaded: null, unknown: 'false' },
    ]);
    expect(found.map(({ viewTimes }) => viewTimes)).toEqual([
      [micros('2024-01-20Z')],
      [null],
      [null],
      [micros('2024-01-20Z') + 1],
    ]);
  });

  test('can be selected by a key or part of a key', async () => {
    expect((await rows({ key: { user_id: 'a', region: 'us' } })).map(({ key }) => key)).toEqual([
      { user_id: 'a', region: 'us' },
    ]);
    expect(await rows({ key: { user_id: 'a' } })).toHaveLength(2);
    expect(await rows({ key: { user_id: "o'clock" } })).toHaveLength(1);
    expect(await rows({ key: { user_id: 'nobody' } })).toEqual([]);
  });

  test('are limited to the first in the order of their keys', async () => {
    expect((await rows({ limit: 2 })).map(({ key }) => key['region'])).toEqual(['eu', 'us']);
  });

  test('leave nothing behind that would affect the next call on the same connection', async () => {
    for (const user_id of ['a', 'b', 'a']) {
      const found = await rows({ key: { user_id, region: 'eu' } });
      expect(found.map(({ key }) => key['user_id'])).toEqual([user_id]);
    }
  });
});

describe('a key is refused', () => {
  test('if it names a column that is not a key', async () => {
    const failure = await failureOf(rows({ key: { user: 'a' } }));
    expect([failure.code, failure.message]).toEqual([
      'INVALID_REQUEST',
      'user is not a key of the entity; its keys are user_id, region',
    ]);
  });

  test('if its value does not fit the column', async () => {
    await database.pool.query('create table rows_at.numbered (user_id int, region text, at timestamptz)');
    const definition = { ...sample.definition, rows: { table: 'rows_at.numbered', timestamp: 'at' } };
    const failure = await failureOf(
      rowsAt(database, definition, { asOf, limit: 1, key: { user_id: 'seven' } }),
    );
    expect(failure.code).toBe('INVALID_REQUEST');
    expect(failure.message).toContain('the key {"user_id":"seven"} does not fit its columns');
  });
});
