// The forms of CSV files and of tables that an import accepts.
import { existsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateMonth } from '../../cli/commands/demo/streamflow/generate-month.ts';
import { importFolder } from '../../store/import/import-files.ts';
import {
  type ImportFixture,
  emptyFolder,
  folderOf,
  importFiles,
  importFixture,
  january,
  refusalOf,
} from './import-fixture.ts';

let fixture: ImportFixture;
beforeAll(async () => {
  fixture = await importFixture();
  await fixture.database.pool.query(`
    create table public.note (k text, v text, w text, as_of timestamptz, loaded_at timestamptz, primary key (k, as_of, loaded_at))`);
});
afterAll(() => fixture.drop());
beforeEach(() => fixture.database.pool.query('truncate public.note'));

async function notes(): Promise<unknown[]> {
  const { rows } = await fixture.database.pool.query({
    text: 'select k, v, w from public.note order by k',
    rowMode: 'array',
  });
  return rows;
}

const expected = [
  ['a', '1', 'x'],
  ['b', null, 'y'],
];

describe('a file', () => {
  it.each([
    ['with LF', 'k,v,w\na,1,x\nb,,y\n'],
    ['with CRLF', 'k,v,w\r\na,1,x\r\nb,,y\r\n'],
    ['with CR', 'k,v,w\ra,1,x\rb,,y\r'],
    ['without a last line break', 'k,v,w\na,1,x\nb,,y'],
    ['with a byte order mark', '\ufeffk,v,w\na,1,x\nb,,y\n'],
    ['with quotes round everything', '"k","v","w"\n"a","1","x"\n"b","","y"\n'],
    ['with its columns in another order', 'w,k,v\nx,a,1\ny,b,\n'],
    ['with blank lines', '\nk,v,w\n\na,1,x\n\n\nb,,y\n\n'],
  ])('%s is read', async (_, content) => {
    await importFiles(fixture, { 'note.csv': content });
    expect(await notes()).toEqual(expected);
  });

  it('keeps quoted texts, and texts that have a meaning in COPY', async () => {
    const values = [
      'a,b',
      'say "no"',
      'two\nlines',
      'two\r\nlines',
      'tab\there',
      'back\\slash',
      '\\N',
      '\\.',
      '🦉 ü �',
      ' ',
    ];
    const quoted = values.map((value, i) => `${i},"${value.replaceAll('"', '""')}",w`);
    await importFiles(fixture, { 'note.csv': `k,v,w\n${quoted.join('\n')}\n` });
    expect((await notes()).map((row) => (row as string[])[1])).toEqual(values);
  });

  it('is reported with the line numbers of an editor, also after values of several lines', async () => {
    const refusal = await refusalOf(
      importFiles(fixture, { 'note.csv': 'k,v,w\r\na,"1\r\n2\r\n3",x\r\n\r\nb,2\r\n' }),
    );
    expect(refusal.places).toEqual(['note.csv:6: has 2 values; the header has 3']);
  });

  it.each([
    ['a line', 'k,v,w\na,1,x\n""\nb,2,y\n', 'note.csv:3: has 1 value; the header has 3'],
    ['the last line', 'k,v,w\na,1,x\n""', 'note.csv:3: has 1 value; the header has 3'],
    ['the line of the header', '""\nk,v,w\na,1,x\n', 'note.csv'],
  ])(
    'is refused if %s is only "", because that is a value and not a blank line',
    async (_, content, place) => {
      const refusal = await refusalOf(importFiles(fixture, { 'note.csv': content }));
      expect(refusal.places.join('\n')).toContain(place);
    },
  );

  it('may have an extension in capitals', async () => {
    const { tables } = await importFiles(fixture, { 'note.CSV': 'k,v,w\na,1,x\nb,,y\n' });
    expect(tables).toMatchObject([{ table: 'note', file: 'note.CSV' }]);
  });
});

describe('a table', () => {
  it('may have a key of several columns, which are compared separately', async () => {
    await fixture.database.pool.query(`
      create table public.pair (a integer, b integer, v real, as_of timestamptz, loaded_at timestamptz,
                         primary key (a, b, as_of, loaded_at))`);
    await importFiles(fixture, { 'pair.csv': 'a,b,v\n1,11,1\n11,1,2\n' });
    const { tables } = await importFiles(fixture, { 'pair.csv': 'a,b,v\n01,+11,1.0\n11,1,3\n' });
    expect(tables[0]).toMatchObject({ inserted: 0, changed: 1, unchanged: 1 });
    const refusal = await refusalOf(importFiles(fixture, { 'pair.csv': 'a,b,v\n1,1,1\n01,1,1\n' }));
    expect(refusal.places).toEqual(['pair.csv:3: a "1", b "1" is already at pair.csv:2']);
  });

  it('may have its times in other columns, types and schemas, read in UTC in any time zone of the server', async () => {
    const pool = new pg.Pool({
      connectionString: fixture.database.url,
      options: '-c TimeZone=America/New_York',
    });
    await fixture.database.pool.query(`
      create schema crm;
      create table crm."Odd ""name""" ("the key" uuid, "csv line" date, day date, seen timestamp,
        twice int generated always as (2) stored, primary key ("the key", day, seen))`);
    const id = '00000000-0000-0000-0000-00000000000a';
    const file = { 'Odd "name".csv': `the key,csv line\n${id.toUpperCase()},2024-02-29\n` };
    const request = {
      folder: await folderOf(file),
      asOf: january,
      schema: 'crm',
      timestampColumn: 'day',
      knownColumn: 'seen',
    };
    await importFolder(pool, request);
    expect((await importFolder(pool, request)).tables[0]).toMatchObject({ unchanged: 1 });
    await pool.end();
    const { rows } = await fixture.database.pool.query(
      `select "the key"::text as key, day::text, seen::text from crm."Odd ""name"""`,
    );
    expect(rows).toEqual([{ key: id, day: '2026-01-31', seen: '2026-01-31 00:00:00' }]);
  });

  it('may have only key columns', async () => {
    await fixture.database.pool.query(`
      create table public.seen (k text, as_of timestamptz, loaded_at timestamptz, primary key (k, as_of, loaded_at))`);
    await importFiles(fixture, { 'seen.csv': 'k\na\n' });
    const { tables } = await importFiles(fixture, { 'seen.csv': 'k\na\nb\n' });
    expect(tables[0]).toMatchObject({ inserted: 1, changed: 0, unchanged: 1 });
  });

  it('is refused with the labels of an enumerated type', async () => {
    await fixture.database.pool.query(`
      create type public.mood as enum ('good', 'bad');
      create table public.moods (k text, v public.mood, n numeric(4, 1), as_of timestamptz, loaded_at timestamptz,
                          primary key (k, as_of, loaded_at))`);
    await importFiles(fixture, { 'moods.csv': 'k,v,n\na,good,123.4\n' });
    const refusal = await refusalOf(importFiles(fixture, { 'moods.csv': 'k,v,n\na,good,1\nb,ugly,1\n' }));
    expect(refusal.places).toEqual(['moods.csv:3 v: "ugly" is not one of "good", "bad"']);
  });

  it('may use domains, whose base type and constraints are checked', async () => {
    await fixture.database.pool.query(`
      create domain public.positive as numeric(6, 2) check (value > 0);
      create domain public.price as public.positive;
      create type public.tint as enum ('red', 'blue');
      create domain public.paint as public.tint;
      create domain public.instant as timestamptz;
      create domain public.moment as public.instant;
      create table public.priced (k text, fee public.price, colour public.paint, as_of public.moment,
                          loaded_at public.moment, primary key (k, as_of, loaded_at))`);
    const { tables } = await importFiles(fixture, { 'priced.csv': 'k,fee,colour\na,12.5,red\n' });
    expect(tables[0]).toMatchObject({ inserted: 1 });
    const again = await importFiles(fixture, { 'priced.csv': 'k,fee,colour\na,12.50,red\nb,1,blue\n' });
    expect(again.tables[0]).toMatchObject({ inserted: 1, unchanged: 1 });
    const unread = await refusalOf(
      importFiles(fixture, { 'priced.csv': 'k,fee,colour\nc,12345.5,red\nd,1,green\n' }),
    );
    expect(unread.places).toEqual([
      expect.stringMatching(/^priced\.csv:2 fee: "12345\.5" /),
      'priced.csv:3 colour: "green" is not one of "red", "blue"',
    ]);
    const refused = await refusalOf(importFiles(fixture, { 'priced.csv': 'k,fee,colour\nc,-1,red\n' }));
    expect(JSON.stringify(refused)).toMatch(/positive/);
  });

  it('may have types that only Postgres can check, whose errors are reported with the place', async () => {
    await fixture.database.pool.query(`
      create table public.hosts (k text, v inet, as_of timestamptz, loaded_at timestamptz,
                          primary key (k, as_of, loaded_at))`);
    const refusal = await refusalOf(
      importFiles(fixture, { 'hosts.csv': 'k,v\n\n"a\nb",10.0.0.1\nc,10.0.0.256\n' }),
    );
    expect(refusal.places).toEqual(['hosts.csv:5 v: invalid input syntax for type inet: "10.0.0.256"']);
    // These would hang if the connection were still inside the failed COPY.
    await Promise.all(Array.from({ length: 10 }, () => fixture.database.pool.query('select 1')));
  });
});

describe('a month of StreamFlow', () => {
  it('fills the six tables as the demo generates it', async () => {
    const folder = await emptyFolder();
    await generateMonth({ seed: 1, month: 0, folder, users: 50 });
    const { tables } = await importFolder(fixture.database.pool, { folder, asOf: january });
    expect(tables.map(({ table, inserted }) => [table, inserted])).toEqual([
      ['labels', 50],
      ['payments_agg_90d', 50],
      ['subscriptions', 50],
      ['support_agg_90d', 50],
      ['usage_agg_30d', 50],
      ['users', 50],
    ]);
  });

  const real = path.resolve(import.meta.dirname, '../../../shared/data/streamflow');
  it.skipIf(!existsSync(real))(
    'as recorded is read to the last digit (skipped where ../shared is absent)',
    async () => {
      const month = async (name: string, asOf: string) =>
        importFolder(fixture.database.pool, { folder: path.join(real, name), asOf: new Date(asOf) });
      await month('month_000', '2024-01-31T00:00:00Z');
      // Imported with the as-of of January, the second month shows which of its values differ.
      const { tables } = await month('month_001', '2024-01-31T00:00:00Z');
      expect(Object.fromEntries(tables.map(({ table, changed }) => [table, changed]))).toEqual({
        labels: 2652,
        payments_agg_90d: 202,
        subscriptions: 0,
        support_agg_90d: 360,
        usage_agg_30d: 7043,
        users: 0,
      });
      const { rows } = await fixture.database.pool.query<{ hours: string }>(`
      select watch_hours_30d::text as hours from public.usage_agg_30d
      where user_id = '7590-VHVEG' and as_of = '2024-01-31Z' order by loaded_at`);
      expect(rows.map(({ hours }) => hours)).toEqual(['24.483650766787413', '24.21779534835315']);
    },
  );
});
