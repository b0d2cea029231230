// Profiles of queries: streaming the rows gives the same profile as profiling a frame of them.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezeReference } from '../../domain/data/profile/feature-reference.ts';
import { type Moments } from '../../domain/data/math/moments.ts';
import { referenceOfTable } from '../../domain/drift/tables/compare-tables.ts';
import {
  type ColumnProfile,
  profileWindow,
  type WindowProfile,
} from '../../domain/data/profile/window-profile.ts';
import { type FeatureColumn, type Frame, MISSING_CODE, NO_LABEL } from '../../domain/data/frame.ts';
import { inTransaction, READ_SNAPSHOT } from '../../store/postgres/database.ts';
import { profileTableQuery } from '../../store/profiles/profile-query.ts';
import { describeQuery, openTableQuery } from '../../store/profiles/query-source.ts';
import { readTable } from '../../store/profiles/read-table.ts';
import { streamProfile } from '../../store/profiles/stream-profile.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
  await database.pool.query('create table sides (side int, x float8, c text)');
});
afterAll(() => database.drop());

type Row = readonly [number | null, string | null];

const frameOf = (rows: readonly Row[]): Frame => {
  const dictionary = [...new Set(rows.flatMap(([, text]) => (text === null ? [] : [text])))];
  const features: FeatureColumn[] = [
    { kind: 'numeric', name: 'x', values: Float64Array.from(rows, ([x]) => x ?? NaN) },
    {
      kind: 'category',
      name: 'c',
      codes: Uint32Array.from(rows, ([, c]) => (c === null ? MISSING_CODE : dictionary.indexOf(c))),
      dictionary,
    },
  ];
  const count = rows.length;
  return {
    rows: count,
    features,
    labels: new Uint8Array(count).fill(NO_LABEL),
    holdout: new Uint8Array(count),
    clusters: new Uint32Array(count),
    times: new BigInt64Array(count),
  };
};

/** The exact parts of a profile: no sums, and 0 instead of −0. */
const countsOf = (column: ColumnProfile) =>
  column.kind === 'numeric'
    ? {
        counts: column.counts,
        missing: column.missing,
        extremes: [column.minimum + 0, column.maximum + 0],
      }
    : column;

function expectSame(profile: WindowProfile, expected: WindowProfile): void {
  expect(profile.rows).toBe(expected.rows);
  expect(profile.labels).toEqual(expected.labels);
  expect(profile.columns.map(countsOf)).toEqual(expected.columns.map(countsOf));
  profile.columns.forEach((column, at) => {
    const other = expected.columns[at]!;
    if (column.kind !== 'numeric' || other.kind !== 'numeric') return;
    column.sums.forEach((sum, bin) => expect(sum).toBeCloseTo(other.sums[bin]!, 9));
    expectSameMoments(column.moments, other.moments);
  });
}

/** Expects equality up to 1e-12 times the larger of mean and standard deviation. */
function expectSameMoments(moments: Moments | null, expected: Moments | null): void {
  if (!moments || !expected) throw new Error('there are no moments');
  expect(moments.finite).toBe(expected.finite);
  const about = Math.max(Math.abs(expected.mean), expected.sd);
  expect(Math.abs(moments.mean / 2 - expected.mean / 2)).toBeLessThanOrEqual(about * 1e-12);
  expect(Math.abs(moments.sd / 2 - expected.sd / 2)).toBeLessThanOrEqual(about * 1e-12);
}

const number = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1e308, -1e308, 5e-324, -5e-324, null),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -3, max: 3, noNaN: true }),
  fc.double(),
);
const text = fc.constantFrom('a', 'b', 'B', 'é', '😀', '', ' ', '2024-02-29', 'new', null);
const sample = fc.array(fc.tuple(number, text), { minLength: 0, maxLength: 60 });

describe('the profile of a query', () => {
  it('shortens a long text to the same category as a table that is read row by row', async () => {
    const start = 'x'.repeat(999);
    const query = (end: string) =>
      `select c from (values ('${start}😀${end}'), ('${start}é${end}'), ('a')) as t (c)`;
    const read = await readTable(await openTableQuery(database.url, query('yy'), 'a'));
    expect(read.features[0]).toMatchObject({ dictionary: [`${start}😀`, `${start}é`, 'a'] });
    const reference = referenceOfTable(read);
    const profile = await inTransaction(database, async (client) => {
      const described = await describeQuery(client, query('z'.repeat(500)), reference);
      return streamProfile(client, described, reference);
    });
    expect(profile.columns[0]).toMatchObject({ counts: Float64Array.of(1, 1, 1), unseen: new Map() });
  });

  it('equals the profile of a frame with the same rows, for any values and for a single category', async () => {
    await fc.assert(
      fc.asyncProperty(sample, sample, async (before, now) => {
        // Some values of the window are values of the reference, so that they are exactly on its bin edges.
        const window = [...now, ...before.filter((_, at) => at % 3 === 0)];
        const reference = freezeReference(frameOf(before));
        await database.pool.query('truncate sides');
        await database.pool.query(
          'insert into sides select 1, x, c from unnest($1::float8[], $2::text[]) as r (x, c)',
          [window.map(([x]) => x && (Object.is(x, -0) ? '-0' : String(x))), window.map(([, c]) => c)],
        );
        const expected = profileWindow(reference, frameOf(window));
        await inTransaction(
          database,
          async (client) => {
            const query = await describeQuery(client, 'select * from sides', reference);
            expect(query.others).toEqual(['side']);
            expectSame(await streamProfile(client, query, reference), expected);
            const category = { ...reference, columns: reference.columns.filter(({ name }) => name === 'c') };
            const alone = await describeQuery(client, 'select c from sides', category);
            expectSame(
              await streamProfile(client, alone, category),
              profileWindow(category, frameOf(window)),
            );
          },
          READ_SNAPSHOT,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('reads numbers of every type as they are written, and booleans, dates and others as texts', async () => {
    const features: FeatureColumn[] = [
      ...['i2', 'i8', 'f4', 'n'].map((name): FeatureColumn => ({
        kind: 'numeric',
        name,
        values: Float64Array.of(0.1, 1, 2),
      })),
      ...['b', 'd', 'u'].map((name): FeatureColumn => ({
        kind: 'category',
        name,
        codes: Uint32Array.of(0, 0, 0),
        dictionary: ['t'],
      })),
    ];
    const reference = freezeReference({
      ...frameOf([
        [0, ''],
        [0, ''],
        [0, ''],
      ]),
      features,
    });
    const sql = `select 1::int2 as i2, 2::int8 as i8, 0.1::float4 as f4, 0.1::numeric as n, true as b,
      date '2024-02-29' as d, null::uuid as u`;
    await inTransaction(database, async (client) => {
      const query = await describeQuery(client, sql, reference);
      const streamed = await streamProfile(client, query, reference);
      const minima = streamed.columns.flatMap((one) => (one.kind === 'numeric' ? [one.minimum] : []));
      expect(minima).toEqual([1, 2, 0.1, 0.1]);
      const [b, d, u] = streamed.columns.filter((one) => one.kind === 'category');
      expect([b!.counts[0], [...d!.unseen], u!.missing]).toEqual([1, [['2024-02-29', 1]], 1]);
    });
  });

  it('reports missing columns, and counts rows without a known column', async () => {
    const reference = freezeReference(frameOf([[1, 'a']]));
    await inTransaction(database, async (client) => {
      const sql = 'select 1 as c, 2 as y from generate_series(1, 9000)';
      const query = await describeQuery(client, sql, reference);
      const { rows, columns } = await streamProfile(client, query, reference);
      expect(rows).toBe(9_000);
      expect(columns.map((one) => one.kind === 'absent' && one.reason)).toEqual([
        'the column is missing from the window',
        'the column was category in the reference and is numeric in the window',
      ]);
    });
  });

  it('is undefined if a column type has another kind, and fails if Postgres refuses the query', async () => {
    const reference = freezeReference(frameOf([[1, 'a']]));
    const place = (sql: string) => ({ url: database.url, sql, name: 'current' });
    const none = new Set<string>();
    expect(await profileTableQuery(place(`select '1' as x`), reference, none)).toBeUndefined();
    expect(await profileTableQuery(place('select 1 as c'), reference, none)).toBeUndefined();
    const named = await profileTableQuery(place('select 1 as c'), reference, new Set(['c']));
    expect(named!.profile.columns[1]).toMatchObject({ unseen: new Map([['1', 1]]) });
    await expect(profileTableQuery(place('select 1 / 0 as x'), reference, none)).rejects.toThrow(
      /current: Postgres refuses the query: division by zero/,
    );
  });
});
