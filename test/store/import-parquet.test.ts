// Parquet files from other writers, valid and damaged.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openParquet } from '../../store/import/parquet/parquet-source.ts';
import { type ImportFixture, importFiles, importFixture, refusalOf } from './import-fixture.ts';

let fixture: ImportFixture;
beforeAll(async () => {
  fixture = await importFixture();
  await fixture.database.pool.query(`
    create table public.kinds (k text, small smallint, whole integer, big bigint, unsigned bigint, exact numeric,
      half real, double double precision, flag boolean, words text, day date, at timestamptz, plain timestamp,
      category text, raw bytea, as_of timestamptz, loaded_at timestamptz, primary key (k, as_of, loaded_at));
    create table public.pair (k text, v double precision, as_of timestamptz, loaded_at timestamptz,
      primary key (k, as_of, loaded_at))`);
});
afterAll(() => fixture.drop());
beforeEach(() => fixture.database.pool.query('truncate public.kinds, public.pair'));

/** Reads one of the recorded files; parquet/make.py wrote them. */
const recorded = (name: string): Promise<Buffer> =>
  readFile(path.join(import.meta.dirname, 'parquet', `${name}.parquet`));

async function contents(table: string): Promise<unknown[]> {
  const { rows } = await fixture.database.pool.query<{ row: unknown }>(
    `select to_jsonb(t) - 'as_of' - 'loaded_at' || jsonb_build_object('big', t.big::text, 'exact', t.exact::text) as row
     from public.${table} t order by k`,
  );
  return rows.map(({ row }) => row);
}

const nothing = Object.fromEntries(
  [
    'small',
    'whole',
    'big',
    'unsigned',
    'exact',
    'half',
    'double',
    'flag',
    'words',
    'day',
    'at',
    'plain',
    'category',
    'raw',
  ].map((name) => [name, null]),
);
const expected = [
  {
    k: 'a',
    small: 1,
    whole: 2147483647,
    big: '9223372036854775807',
    unsigned: 4294967295,
    exact: '12345678901234567890.123456789',
    half: 0.1,
    double: 0.1,
    flag: true,
    words: '🦉 "x", ;\n__proto__',
    day: '2024-02-29',
    at: '2024-02-29T23:59:59.999999+00:00',
    plain: '2024-02-29T06:00:00',
    category: 'x',
    raw: '\\x00ff',
  },
  { k: 'b', ...nothing },
  {
    k: 'c',
    small: -32768,
    whole: -1,
    big: '-9007199254740993',
    unsigned: 0,
    exact: '-0.000000001',
    half: 0,
    double: 1e300,
    flag: false,
    words: '',
    day: '1969-12-31',
    at: '1969-12-31T23:59:59.000001+00:00',
    plain: '0001-01-01T00:00:00',
    category: 'x',
    raw: '\\x',
  },
];

const pairs = (k: readonly (string | null)[], v: readonly number[]): Buffer =>
  Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'k', data: [...k], type: 'STRING', nullable: true },
        { name: 'v', data: [...v], type: 'DOUBLE' },
      ],
    }),
  );

describe('a Parquet file', () => {
  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])(
    'compressed with %s is read to the last digit, over several row groups',
    async (codec) => {
      const { tables } = await importFiles(fixture, { 'kinds.parquet': await recorded(codec) });
      expect(tables).toMatchObject([{ rows: 3, inserted: 3, assumed: null }]);
      expect(await contents('kinds')).toEqual(expected);
    },
  );

  it('adds nothing if the same rows come in another compression', async () => {
    await importFiles(fixture, { 'kinds.parquet': await recorded('zstd') });
    const { tables } = await importFiles(fixture, { 'kinds.parquet': await recorded('gzip') });
    expect(tables).toMatchObject([{ inserted: 0, changed: 0, unchanged: 3 }]);
  });

  it('is refused if it has no rows', async () => {
    const refusal = await refusalOf(importFiles(fixture, { 'pair.parquet': pairs([], []) }));
    expect(refusal.places).toEqual(['pair.parquet: contains a header but no rows']);
  });

  it('is refused with row and column for values that are not finite, missing keys and duplicates', async () => {
    const refusal = await refusalOf(
      importFiles(fixture, {
        'pair.parquet': pairs(['a', 'b', null, 'd', 'd', 'f'], [NaN, Infinity, 3, 4, 5, -Infinity]),
      }),
    );
    expect(refusal.places).toEqual([
      'pair.parquet row 1 v: "NaN" is not a number',
      'pair.parquet row 2 v: "Infinity" is not a number',
      'pair.parquet row 3 k: is empty, but the table requires a value',
      'pair.parquet row 5: k "d" is already at pair.parquet row 4',
      'pair.parquet row 6 v: "-Infinity" is not a number',
    ]);
  });

  it('is refused with the names of its nested columns', async () => {
    const refusal = await refusalOf(importFiles(fixture, { 'pair.parquet': await recorded('nested') }));
    expect(refusal.places).toEqual([
      'pair.parquet: column "list" contains nested values, column "struct" contains nested values; ' +
        'a table column has one value per row',
    ]);
  });

  it.each([
    ['empty', 0],
    ['truncated after its first bytes', 10],
    ['truncated in the middle', 900],
    ['truncated before its last byte', -1],
  ])('is refused if it is %s', async (_, end) => {
    const whole = await recorded('snappy');
    const refusal = await refusalOf(importFiles(fixture, { 'kinds.parquet': whole.subarray(0, end) }));
    expect(refusal.places).toEqual([
      expect.stringMatching(/^kinds\.parquet: is not Parquet that can be read/),
    ]);
  });

  it.each([
    ['page header', 30],
    ['kind of page', 69],
    ['compressed block', 160],
    ['size', 251],
  ])('is refused if a %s is damaged', async (_, at) => {
    const damaged = Buffer.from(await recorded('snappy'));
    damaged[at] = damaged[at]! ^ 0x55;
    const refusal = await refusalOf(importFiles(fixture, { 'kinds.parquet': damaged }));
    expect(refusal.places).toEqual([
      expect.stringMatching(/^kinds\.parquet row 1 \w+: .*(damaged|cannot be read)/),
    ]);
    expect(await contents('kinds')).toEqual([]);
  });

  it('is refused if the decoder does not finish, and the thread is ended', async () => {
    const damaged = Buffer.from(await recorded('snappy'));
    damaged[173] = damaged[173]! ^ 0x55;
    const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-parquet-'));
    try {
      const file = { name: 'kinds.parquet', path: path.join(folder, 'kinds.parquet') };
      await writeFile(file.path, damaged);
      const source = await openParquet(file, { columns: [] }, 4_000);
      expect(source.header).toContain('words');
      const reading = async (): Promise<void> => {
        for await (const batch of source.batches()) expect(batch.rows).not.toEqual([]);
      };
      await expect(reading()).rejects.toThrow(
        /^cannot be read: it is damaged; .* still being decoded after 4 s$/,
      );
      await source.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is refused if it is really CSV', async () => {
    const refusal = await refusalOf(importFiles(fixture, { 'pair.parquet': 'k,v\na,1\n' }));
    expect(refusal.places[0]).toMatch(/^pair\.parquet: is not Parquet/);
  });
});
