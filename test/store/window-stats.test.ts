// Statistics of a window's features, computed while its rows are streamed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { category, numeric } from '../../domain/model/parts/column.ts';
import { ratio } from '../../domain/model/index.ts';
import { windowStats } from '../../store/join/window-stats.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;
let sample: SampleModel;

// More than one fetch of 8,192 rows, with a different last value in each column.
const ROWS = 20_000;
const january = { from: new Date('2024-01-01Z'), to: new Date('2024-02-01Z') };

beforeAll(async () => {
  database = await migratedDatabase();
  sample = await sampleModel(database, 'stats', {
    view: { columns: { hours: numeric(), plan: category() } },
    model: { derived: { inverse: ratio('hours', 'hours') } },
  });
  await database.pool.query(`
    insert into stats.spine select 'u' || n, 'eu', '2024-01-15Z' from generate_series(1, ${ROWS}) n;
    insert into stats.usage (user_id, region, at, hours, plan)
      select 'u' || n, 'eu', '2024-01-10Z',
             case when n % 10 = 0 then 'NaN'::float8 when n % 10 = 1 then 0 when n = 2 then 'Infinity' else n end,
             case when n % 4 > 0 then '__proto__' when n % 8 = 0 then 'b' end
      from generate_series(1, ${ROWS}) n;
    insert into stats.spine values ('early', 'eu', '2024-01-01Z'), ('late', 'eu', '2024-02-01T00:00:00.000001Z');
    create index on stats.usage (user_id, region, at)`);
  await database.pool.query('analyze');
});
afterAll(() => database.drop());

test('counts numbers, categories and derived columns up to the last row of the window', async () => {
  const seen: number[] = [];
  const { rows, features } = await windowStats(database, sample.definition, january, {
    onProgress: (count) => seen.push(count),
  });
  expect(rows).toBe(ROWS);
  expect(seen.at(-1)).toBe(ROWS);
  expect(seen.length).toBeGreaterThan(2);
  const [hours, plan, inverse] = features;
  const tenth = ROWS / 10;
  expect(hours).toMatchObject({
    name: 'hours',
    kind: 'numeric',
    rows: ROWS,
    missing: tenth,
    infinite: 1,
    min: 0,
    max: ROWS - 1,
  });
  expect(plan).toEqual({
    name: 'plan',
    kind: 'category',
    rows: ROWS,
    missing: ROWS / 8,
    distinct: 2,
    top: [
      { value: '__proto__', count: (3 * ROWS) / 4 },
      { value: 'b', count: ROWS / 8 },
    ],
    error: 0,
  });
  // 0 / 0, NaN and infinity are missing.
  expect(inverse).toMatchObject({
    name: 'inverse',
    missing: 2 * tenth + 1,
    min: 1,
    max: 1,
    mean: 1,
    sd: 0,
    infinite: 0,
  });
});

test('reports no rows for an empty window', async () => {
  const { rows, features } = await windowStats(database, sample.definition, {
    from: new Date('2030-01-01Z'),
    to: new Date('2030-02-01Z'),
  });
  expect(rows).toBe(0);
  expect(features).toMatchObject([{ rows: 0, min: null }, { rows: 0, top: [] }, { rows: 0 }]);
});

test("throws the signal's reason if aborted", async () => {
  const ending = new AbortController();
  const reason = new Error('enough');
  const look = windowStats(database, sample.definition, january, {
    onProgress: () => ending.abort(reason),
    signal: ending.signal,
  });
  await expect(look).rejects.toBe(reason);
});
