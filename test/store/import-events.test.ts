// Tables of events: each row of a file has its own time, and the table may have to be created first.
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { numeric } from '../../domain/model/parts/column.ts';
import { defineModel, parseDefinition, view } from '../../domain/model/define-model.ts';
import { checkSources } from '../../store/definitions/source-tables.ts';
import { importFolder, type ImportRequest, type PerTable } from '../../store/import/import-files.ts';
import { planTables } from '../../store/import/plan-tables.ts';
import { folderOf, type ImportFixture, importFixture, refusalOf } from './import-fixture.ts';

let fixture: ImportFixture;
beforeAll(async () => (fixture = await importFixture()));
afterAll(() => fixture.drop());
beforeEach(() =>
  fixture.database.pool.query(`
    drop table if exists public.events, public.made, public.days;
    create table public.events (user_id text, fee numeric, as_of timestamptz, loaded_at timestamptz,
      primary key (user_id, as_of, loaded_at));
    create table public.days (user_id text, fee numeric, as_of date, loaded_at timestamptz,
      primary key (user_id, as_of, loaded_at))`),
);

type Files = Readonly<Record<string, string | Buffer>>;
type Request = Partial<Omit<ImportRequest, 'paths'>>;
const load = async (files: Files, request: Request = {}) =>
  importFolder(fixture.database.pool, { folder: await folderOf(files), ...request });
const events = (...rows: readonly string[]): Files => ({
  'events.csv': ['user_id,as_of,fee', ...rows, ''].join('\n'),
});

async function contents(table = 'events') {
  const { rows } = await fixture.database.pool.query<{ row: string }>(
    `select concat_ws(' ', user_id, fee, as_of at time zone 'UTC', case when loaded_at = as_of then 'at its time' when
       loaded_at > now() - interval '1 hour' then 'now' else (loaded_at at time zone 'UTC')::text end) as row
     from public.${table} order by user_id, as_of, loaded_at`,
  );
  return rows.map(({ row }) => row);
}

const first = ['ann,2026-01-01T10:00:00+02:00,5', 'ann,2026-01-02,6', 'bob,2026-01-01 08:00:00,7'];
const stored = [
  'ann 5 2026-01-01 08:00:00 at its time',
  'ann 6 2026-01-02 00:00:00 at its time',
  'bob 7 2026-01-01 08:00:00 at its time',
];

describe('rows with their own times', () => {
  it('are added as first versions at their times, later as corrections known now, and not at all if they repeat', async () => {
    expect((await load(events(...first))).tables).toEqual([
      {
        table: 'events', file: 'events.csv', rows: 3, inserted: 3, changed: 0, unchanged: 0,
        assumed: null, asOfColumn: 'as_of',
      },
    ]); // prettier-ignore
    expect(await contents()).toEqual(stored);
    expect((await load(events(...first))).tables).toMatchObject([{ inserted: 0, changed: 0, unchanged: 3 }]);
    const correction = events('ann,2026-01-01 08:00:00Z,9', 'ann,2026-01-02,6', 'cyd,2026-01-01,1');
    expect((await load(correction)).tables).toMatchObject([{ inserted: 1, changed: 1, unchanged: 1 }]);
    const corrected = [
      stored[0],
      'ann 9 2026-01-01 08:00:00 now',
      ...stored.slice(1),
      'cyd 1 2026-01-01 00:00:00 at its time',
    ];
    expect(await contents()).toEqual(corrected);
    expect((await load(correction)).tables).toMatchObject([{ unchanged: 3 }]);
    expect(await contents()).toEqual(corrected);
  });

  it('may have their times in a column with a different name for each table, also in Parquet', async () => {
    const at = [
      new Date('2026-01-01T08:00:00Z'),
      new Date('2026-01-02T00:00:00Z'),
      new Date('2026-01-01T08:00:00Z'),
    ];
    const parquet = parquetWriteBuffer({
      columnData: [
        { name: 'user_id', data: ['ann', 'ann', 'bob'], type: 'STRING' },
        { name: 'event time', data: at, type: 'TIMESTAMP' },
        { name: 'fee', data: [5, 6, 7], type: 'INT32' },
      ],
    });
    const files = {
      'events.parquet': Buffer.from(parquet),
      'days.csv': 'day,user_id,fee\n2026-01-01,ann,5\n',
    };
    const asOfColumn = { all: 'day', tables: new Map([['events', 'event time']]) };
    for (const inserted of [3, 0]) {
      const { tables } = await load(files, { asOfColumn });
      expect(tables).toMatchObject([{ asOfColumn: 'day' }, { asOfColumn: 'event time', inserted }]);
    }
    expect(await contents()).toEqual(stored);
    expect(await contents('days')).toEqual(['ann 5 2026-01-01 00:00:00 at its time']);
  });

  it('are known at --known-at if it is given, and conflict with other values known at that instant', async () => {
    const knownAt = new Date('2026-02-01T00:00:00Z');
    await load(events(...first), { knownAt });
    expect(await contents()).toEqual(stored.map((row) => row.replace('at its time', '2026-02-01 00:00:00')));
    const { places } = await refusalOf(load(events('ann,2026-01-02,8'), { knownAt }));
    expect(places).toEqual(['events.csv:2: other values are already known at 2026-02-01T00:00:00.000Z']);
  });

  it('are known at the instant of their time, even if the two time columns have different types', async () => {
    await fixture.database.pool.query(`
      alter table public.events alter column loaded_at type timestamp using loaded_at at time zone 'UTC'`);
    await load(events('ann,2026-01-01T10:00:00+02:00,5'));
    const { rows } = await fixture.database.pool.query('select loaded_at::text as known from public.events');
    expect(rows).toEqual([{ known: '2026-01-01 08:00:00' }]);
  });

  it('are refused with file, row and column, without keeping anything', async () => {
    const { code, places } = await refusalOf(
      load(
        events(
          'ann,2026-01-01,5',
          'bob,,5',
          'cyd,13/1/2026,5',
          'dan,infinity,5',
          'eve,2026-03-01T00:30:00+01:00,5',
          'eve,2026-03-01T00:30:00.001-01:00,5',
          'fay,2026-01-01,much',
          'ann,2026-01-01T01:00:00+01:00,5',
        ),
        { latest: new Date('2026-03-01T01:00:00Z') },
      ),
    );
    expect({ code, places }).toEqual({
      code: 'IMPORT_REJECTED',
      places: [
        'events.csv:3 as_of: is empty, but the table requires a value',
        'events.csv:4 as_of: "13/1/2026" is not a time (YYYY-MM-DD HH:MM:SS, then Z or an offset)',
        'events.csv:5 as_of: "infinity" cannot be the time of a row',
        'events.csv:7 as_of: "2026-03-01T00:30:00.001-01:00" is in the future; --future accepts it',
        'events.csv:8 fee: "much" is not a number',
        'events.csv:9: user_id "ann", as_of "2026-01-01 00:00:00+00" is already at events.csv:2',
      ],
    });
    expect(await contents()).toEqual([]);
  });

  it('need a column with the times', async () => {
    const { places } = await refusalOf(load({ 'events.csv': 'user_id,fee\nann,5\n' }));
    expect(places).toEqual([
      expect.stringMatching(/^events.csv:1: there is no column "as_of" with .*--as-of-column/),
    ]);
    const byTable = { tables: new Map([['event', 'at']]) };
    expect(await refusalOf(load(events(...first), { asOfColumn: byTable }))).toMatchObject({
      code: 'IMPORT_FOLDER',
      message: '--as-of-column names table event, which no file fills: events',
    });
  });
});

describe('a table that does not exist', () => {
  const made =
    'user_id,zip,event_time,fee,plan\nann,01067,2026-01-01,5.5,1\nann,1,2026-01-02,,2\nbob,2,2026-01-01,7,N/A\n';
  const asOfColumn = { all: 'event_time', tables: new Map<string, string>() };
  const plan = async (content: string, keys: PerTable<readonly string[]>, request: Request = {}) => {
    const folder = await folderOf({ 'made.csv': content });
    return { folder, plans: await planTables(fixture.database.pool, { paths: [folder], ...request }, keys) };
  };
  const byUser = { all: ['user_id'], tables: new Map<string, string[]>() };

  it('is planned from the file, created with its rows, and can be read by a model', async () => {
    const { folder, plans } = await plan(made, byUser, { asOfColumn });
    expect(plans).toEqual([
      {
        table: 'public.made',
        statement: `create table "public"."made" (
  "user_id" text not null,
  "zip" text,
  "fee" numeric,
  "plan" text,
  "as_of" timestamptz not null,
  "loaded_at" timestamptz not null,
  primary key ("user_id", "as_of", "loaded_at")
)`,
        notes: ['plan is text because of "N/A" at made.csv:4; the values before it are bigint'],
      },
    ]);
    const request = { folder, asOfColumn, create: plans };
    await importFolder(fixture.database.pool, { ...request, dryRun: true });
    const { tables } = await importFolder(fixture.database.pool, request);
    expect(tables).toMatchObject([{ table: 'made', inserted: 3 }]);
    expect(await contents('made')).toHaveLength(3);
    const model = defineModel({
      name: 'sample',
      entity: { name: 'user', keys: ['user_id'] },
      rows: { table: 'made', timestamp: 'as_of' },
      features: [view({ table: 'made', timestamp: 'as_of', columns: { fee: numeric() } })],
      label: { table: 'labels', column: 'churn_label', timestamp: 'as_of' },
      monitor: { every: '1 month', window: '1 month' },
      training: { trainer: 'logistic-regression', window: '3 months' },
      promotion: {},
    });
    await checkSources(fixture.database, parseDefinition(model));
    expect((await plan(made, byUser, { asOfColumn })).plans).toEqual([]);
    expect(await refusalOf(importFolder(fixture.database.pool, request))).toMatchObject({
      message: 'table public.made was created by somebody else meanwhile',
    });
  });

  it('has the types that a Parquet file declares', async () => {
    const parquet = parquetWriteBuffer({
      columnData: [
        { name: 'code', data: ['1', '2'], type: 'STRING' },
        { name: 'fee', data: [1, 2], type: 'DOUBLE' },
        { name: 'visits', data: [1, 2], type: 'INT32' },
        { name: 'gone', data: [true, false], type: 'BOOLEAN' },
      ],
    });
    const folder = await folderOf({ 'made.parquet': Buffer.from(parquet) });
    const asOf = new Date('2026-01-31T00:00:00Z');
    const keys = { tables: new Map([['made', ['code']]]) };
    const create = await planTables(fixture.database.pool, { paths: [folder], asOf }, keys);
    expect(create[0]?.statement).toContain(
      '"code" text not null,\n  "fee" double precision,\n  "visits" bigint,\n  "gone" boolean,\n  "as_of"',
    );
    await importFolder(fixture.database.pool, { folder, asOf, create });
  });

  it('is not created if a row is refused', async () => {
    const twice = made.replace('bob,2,2026-01-01', 'ann,2,2026-01-01');
    const { folder, plans } = await plan(twice, byUser, { asOfColumn });
    const { places } = await refusalOf(
      importFolder(fixture.database.pool, { folder, asOfColumn, create: plans }),
    );
    expect(places).toEqual([
      'made.csv:4: user_id "ann", as_of "2026-01-01 00:00:00+00" is already at made.csv:2',
    ]);
    const { rows } = await fixture.database.pool.query(`select to_regclass('public.made') as made`);
    expect(rows).toEqual([{ made: null }]);
  });

  it.each<[string, string, PerTable<readonly string[]>, Request, RegExp]>([
    [
      'a key',
      made,
      { tables: new Map() },
      { asOfColumn },
      /--key .*columns, together with event_time, are unique: user_id, zip, plan$/,
    ],
    [
      'a key of several columns',
      'a,b\n1,2\n1,2\n',
      { tables: new Map() },
      { asOf: new Date(0) },
      /no single column is unique/,
    ],
    [
      'a key of two columns, and names the possible ones',
      'a,b,c\n1,1,\n1,2,z\n2,1,z\n2,2,z\n',
      { tables: new Map() },
      { asOf: new Date(0) },
      /no single column is unique, but these are: --key a,b$/,
    ],
    [
      'a key of two columns at each time',
      `carrier,flight,event_time\n${['UA,1', 'UA,2', 'B6,1'].flatMap((key) => [`${key},2026-01-01`, `${key},2026-01-02`]).join('\n')}\n`,
      { tables: new Map() },
      { asOfColumn },
      /no single column, together with event_time, is unique, but these are: --key carrier,flight$/,
    ],
    [
      'a key of three columns if no two are enough',
      `a,b,c,d\n${Array.from({ length: 8 }, (_, row) => `${row & 1},${(row >> 1) & 1},${row >> 2},x`).join('\n')}\n`,
      { tables: new Map() },
      { asOf: new Date(0) },
      /but these are: --key a,b,c$/,
    ],
    [
      'a key that the file has',
      made,
      { all: ['user'], tables: new Map() },
      { asOfColumn },
      /no column "user" for the key; the file has user_id, zip/,
    ],
    ['times', made, byUser, {}, /there is no column "as_of" with the times of the rows/],
    ['rows', 'user_id\n', byUser, { asOf: new Date(0) }, /contains a header but no rows/],
    [
      'names that Postgres keeps',
      `user_id,${'é'.repeat(32)}\n1,2\n`,
      byUser,
      { asOf: new Date(0) },
      /more than 63 bytes/,
    ],
    ['a schema', made, byUser, { asOfColumn, schema: 'nowhere' }, /there is no schema nowhere/],
    [
      'a file without the known column',
      `loaded_at,${made}`,
      byUser,
      { asOfColumn },
      /"loaded_at" is set by the import/,
    ],
  ])('needs %s', async (_, content, keys, request, words) => {
    const { code, places } = await refusalOf(plan(content, keys, request));
    expect({ code, places }).toEqual({ code: 'IMPORT_REJECTED', places: [expect.stringMatching(words)] });
  });
});
