// Bad input is reported with file, line and column, and nothing of the import is kept.
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { importFolder } from '../../store/import/import-files.ts';
import {
  type ImportFixture,
  folderOf,
  importFiles,
  importFixture,
  january,
  refusalOf,
  rowsIn,
} from './import-fixture.ts';

let fixture: ImportFixture;
beforeAll(async () => (fixture = await importFixture()));
afterAll(() => fixture.drop());

const header = 'user_id,signup_date,user_gender,user_is_senior,has_family,has_dependents';
const ann = 'ann,2022-02-05,Female,False,True,False';
const labels = 'user_id,churn_label\nann,True\n';

const cases: readonly [what: string, users: string | Buffer, places: readonly string[]][] = [
  [
    'a missing column',
    'user_id,signup_date,user_gender,user_is_senior,has_family\nann,2022-02-05,Female,False,True\n',
    ['users.csv:1: column "has_dependents" of table public.users is missing'],
  ],
  [
    'an extra column',
    `${header},age\n${ann},7\n`,
    ['users.csv:1: column "age" is not in table public.users'],
  ],
  [
    'a column that the import sets',
    `${header},as_of\n${ann},2022-02-05\n`,
    ['users.csv:1: column "as_of" is set by the import; leave it out of the file'],
  ],
  [
    'a column named twice',
    `${header},user_id\n${ann},ann\n`,
    ['users.csv:1: column "user_id" appears twice'],
  ],
  [
    'ragged rows',
    `${header}\nann,2022-02-05\n${ann},1\n`,
    ['users.csv:2: has 2 values; the header has 6', 'users.csv:3: has 7 values; the header has 6'],
  ],
  [
    'values of a wrong type, all of a row',
    `${header}\nann,2024-13-01,Female,maybe,True,False\n`,
    [
      'users.csv:2 signup_date: "2024-13-01" is not a date (YYYY-MM-DD)',
      'users.csv:2 user_is_senior: "maybe" is not true or false',
    ],
  ],
  [
    'an empty key',
    `${header}\n${ann.slice(3)}\n`,
    ['users.csv:2 user_id: is empty, but the table requires a value'],
  ],
  ['an empty file', '', ['users.csv: is empty']],
  ['a byte order mark and nothing else', '\ufeff', ['users.csv: is empty']],
  ['a header without rows', `${header}\n`, ['users.csv: contains a header but no rows']],
  [
    'an entity twice',
    `${header}\n${ann}\nbob,,,,,\n${ann}\n`,
    ['users.csv:4: user_id "ann" is already at users.csv:2'],
  ],
  [
    'a quote left open',
    `${header}\n${ann}\n"bob,,,,,\n`,
    ['users.csv:3: a quote is opened and never closed (byte 113)'],
  ],
  [
    'a quote inside a value',
    `${header}\nann,,Fem"ale,,,\n`,
    ['users.csv:2: a quote is inside an unquoted value; quote the whole value (byte 82)'],
  ],
  [
    'text after a closing quote',
    `${header}\n"ann"e,,,,,\n`,
    ['users.csv:2: text follows a closing quote; inside quotes, write a quote twice (byte 79)'],
  ],
  ['a zero byte', `${header}\nann,,a\0b,,,\n`, ['users.csv:2 user_gender: "a\\u0000b" contains a zero byte']],
  [
    'bytes that are not UTF-8 and are valid in several encodings',
    Buffer.concat([Buffer.from(`${header}\nbob,,Cr`), Buffer.from([0xe8]), Buffer.from('me,,,\n')]),
    [
      'users.csv:2: is not UTF-8 (byte 81); it could be windows-1252 ("Crème"), windows-1250 ("Crčme"), ' +
        'macintosh ("CrËme"), cp850 ("CrÞme"); name the encoding',
    ],
  ],
  [
    'an incomplete character at the end of the file',
    Buffer.concat([Buffer.from(`${header}\nann,,,,,\n`), Buffer.from([0x62, 0xe2, 0x82])]),
    [
      'users.csv:3: is not UTF-8 (byte 84); it could be cp850 ("Ôé"), shift_jis ("竄"), gb18030 ("鈧"); ' +
        'name the encoding',
    ],
  ],
];

describe('an import is refused completely', () => {
  afterEach(async () => {
    expect(await rowsIn(fixture, 'labels')).toBe(0);
    expect(await rowsIn(fixture, 'users')).toBe(0);
  });

  it.each(cases)('for %s', async (_, users, places) => {
    const refusal = await refusalOf(importFiles(fixture, { 'labels.csv': labels, 'users.csv': users }));
    expect(refusal.places).toEqual(places);
    expect(refusal.code).toBe('IMPORT_REJECTED');
  });

  it('with the problems of all its files', async () => {
    const refusal = await refusalOf(
      importFiles(fixture, {
        'labels.csv': 'user_id,churn_label\nann,7\n',
        'nobody.csv': 'a\n1\n',
        'users.csv': '',
      }),
    );
    expect(refusal.places).toEqual([
      'labels.csv:2 churn_label: "7" is not true or false',
      'nobody.csv: there is no table public.nobody',
      'users.csv: is empty',
    ]);
  });

  it('with the line of a bad quote far down, after values of several lines', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `user ${i},,"two\r\nlines",,,`);
    const users = [header, ...lines, 'bob,,Fem"ale,,,', ''].join('\r\n');
    const refusal = await refusalOf(importFiles(fixture, { 'users.csv': users }));
    expect(refusal.places).toEqual([
      'users.csv:40002: a quote is inside an unquoted value; quote the whole value (byte 568973)',
    ]);
  });

  it('with 20 places and the number of the others', async () => {
    const lines = Array.from({ length: 1_000 }, (_, i) => `user ${i},no date,,,,`);
    const refusal = await refusalOf(importFiles(fixture, { 'users.csv': [header, ...lines].join('\n') }));
    expect(refusal.places).toHaveLength(20);
    expect(refusal.places[19]).toBe('users.csv:21 signup_date: "no date" is not a date (YYYY-MM-DD)');
    expect(refusal.message).toContain('1000 problems');
    expect(refusal.message).toContain('980 more are not listed');
  });

  it('with the number of all duplicates, including those not listed', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => `user ${i % 30},,,,,`);
    const refusal = await refusalOf(importFiles(fixture, { 'users.csv': [header, ...lines].join('\n') }));
    expect(refusal.places[1]).toBe('users.csv:33: user_id "user 1" is already at users.csv:3');
    expect(refusal.message).toContain('30 problems');
  });

  it('with long values truncated in the message', async () => {
    const refusal = await refusalOf(
      importFiles(fixture, { 'users.csv': `${header}\nann,${'x'.repeat(1e6)},,,,\n` }),
    );
    expect(refusal.places[0]!.length).toBeLessThan(150);
  });

  it('if a row violates a constraint of the table', async () => {
    await fixture.database.pool.query(
      `alter table public.users add constraint grown check (user_id <> 'bob')`,
    );
    try {
      const refusal = await refusalOf(importFiles(fixture, { 'users.csv': `${header}\n${ann}\nbob,,,,,\n` }));
      expect(refusal.places[0]).toMatch(
        /^users\.csv: .*violates check constraint "grown"; Failing row contains \(bob/,
      );
    } finally {
      await fixture.database.pool.query('alter table public.users drop constraint grown');
    }
  });
});

describe('a path is refused', () => {
  const refusedFolder = (folder: string) =>
    refusalOf(importFolder(fixture.database.pool, { folder, asOf: january }));

  it('if it does not exist', async () => {
    expect(await refusedFolder('/no/such/folder')).toMatchObject({
      code: 'IMPORT_FOLDER',
      message: '/no/such/folder does not exist',
    });
  });

  it('if a file is not named after a table', async () => {
    const file = path.join(await folderOf({ 'users.txt': header }), 'users.txt');
    expect(await refusedFolder(file)).toMatchObject({
      code: 'IMPORT_FOLDER',
      message: `${file} is not named <table>.csv or <table>.parquet`,
    });
  });

  it('if two files fill the same table', async () => {
    const folder = await folderOf({ 'labels.csv': labels, 'labels.parquet': labels });
    expect(await refusedFolder(folder)).toMatchObject({
      code: 'IMPORT_FOLDER',
      message: `${folder}/labels.csv and ${folder}/labels.parquet both fill table labels`,
    });
  });

  it('if it is a folder without a CSV or Parquet file', async () => {
    const folder = await folderOf({ 'notes.txt': '', '.users.csv': header });
    await mkdir(path.join(folder, 'labels.csv'));
    expect(await refusedFolder(folder)).toMatchObject({
      code: 'IMPORT_FOLDER',
      message: `${folder} contains no CSV or Parquet file`,
    });
  });

  it.skipIf(process.getuid?.() === 0)('if a file in it may not be read', async () => {
    const folder = await folderOf({ 'users.csv': header });
    await chmod(path.join(folder, 'users.csv'), 0);
    expect(await refusedFolder(folder)).toMatchObject({ code: 'IMPORT_FOLDER' });
  });
});

describe('a table cannot be filled', () => {
  it.each([
    ['without the time column', 'user_id text primary key', 'needs a column as_of'],
    [
      'without the known column',
      'user_id text, as_of timestamptz, primary key (user_id, as_of)',
      'needs a column loaded_at',
    ],
    [
      'whose primary key cannot keep versions',
      'user_id text, as_of timestamptz, loaded_at timestamptz, primary key (user_id, as_of)',
      'the primary key of table public.odd must be',
    ],
    [
      'whose primary key identifies no entity',
      'user_id text, as_of timestamptz, loaded_at timestamptz, primary key (as_of, loaded_at)',
      'the primary key of table public.odd must be',
    ],
  ])('%s', async (_, columns, problem) => {
    await fixture.database.pool.query(
      `drop table if exists public.odd; create table public.odd (${columns})`,
    );
    const refusal = await refusalOf(importFiles(fixture, { 'odd.csv': 'user_id\nann\n' }));
    expect(refusal.places[0]).toContain(problem);
  });
});
