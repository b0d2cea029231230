// Edge cases of an import: huge and unusual values, interruptions, and concurrent imports.
import { spawn } from 'node:child_process';
import { createWriteStream, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../store/postgres/database.ts';
import { importFiles as importPaths } from '../../store/import/import-files.ts';
import { eventually } from '../helpers/eventually.ts';
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
    create table public.note (k text, v text, as_of timestamptz, loaded_at timestamptz, primary key (k, as_of, loaded_at));
    create table public.exact (k bigint, n numeric, d double precision, day date, at timestamptz, as_of timestamptz,
      loaded_at timestamptz, primary key (k, as_of, loaded_at))`);
});
afterAll(() => fixture.drop());
beforeEach(() => fixture.database.pool.query('truncate public.note, public.exact'));

async function notes(): Promise<unknown[]> {
  const { rows } = await fixture.database.pool.query({
    text: 'select k, v from public.note order by k, loaded_at',
    rowMode: 'array',
  });
  return rows;
}

const ofNote = (...rows: string[]) => ({ 'note.csv': ['k,v', ...rows, ''].join('\n') });

describe('values', () => {
  it('of a megabyte are kept completely, also across the chunks in which a file is read', async () => {
    const value = '🦉,"x"\n'.repeat(120_000);
    await importFiles(fixture, { 'note.csv': `k,v\na,"${value.replaceAll('"', '""')}"\nb,1\n` });
    expect(await notes()).toEqual([
      ['a', value],
      ['b', '1'],
    ]);
  });

  it('that have a special meaning in JavaScript, SQL or COPY are read as text', async () => {
    const values = [
      '__proto__',
      'constructor',
      '🦉🦉',
      '\\N',
      '\\.',
      'null',
      'NULL',
      "O'Hara; drop table note",
      '$1',
    ];
    await importFiles(fixture, ofNote(...values.map((value) => `${value},${value}`)));
    expect(new Set((await notes()).map((row) => (row as string[])[1]))).toEqual(new Set(values));
  });

  it('that are numbers beyond 2^53 or with many digits are exact', async () => {
    const n = '123456789012345678901234567890.123456789012345678901234567890';
    await importFiles(fixture, {
      'exact.csv': `k,n,d,day,at\n9007199254740993,${n},0.1,9999-12-31,0001-01-01 00:00:00.000001Z\n`,
    });
    const { rows } = await fixture.database.pool.query(
      'select k::text, n::text, d, day::text, at::text from public.exact',
    );
    expect(rows).toEqual([
      { k: '9007199254740993', n, d: 0.1, day: '9999-12-31', at: '0001-01-01 00:00:00.000001+00' },
    ]);
  });

  it('that are not finite numbers or existing dates are refused, each with its place', async () => {
    const refusal = await refusalOf(
      importFiles(fixture, {
        'exact.csv':
          'k,n,d,day,at\n1,NaN,Infinity,2023-02-29,\n2,1e400000,1e309,0000-01-01,\n9223372036854775808,,,10000-01-01,2024-01-01T24:00:00Z\n',
      }),
    );
    expect(refusal.places).toEqual([
      'exact.csv:2 n: "NaN" is not a number',
      'exact.csv:2 d: "Infinity" is not a number',
      'exact.csv:2 day: "2023-02-29" is not a date (YYYY-MM-DD)',
      'exact.csv:3 n: "1e400000" has too many digits',
      'exact.csv:3 d: "1e309" is too large',
      'exact.csv:3 day: "0000-01-01" is not a date (YYYY-MM-DD)',
      'exact.csv:4 k: "9223372036854775808" does not fit 64 bits',
      'exact.csv:4 day: "10000-01-01" is not a date (YYYY-MM-DD)',
      'exact.csv:4 at: "2024-01-01T24:00:00Z" is not a time (YYYY-MM-DD HH:MM:SS, then Z or an offset)',
    ]);
  });

  it('are read if the file mixes three kinds of line ends', async () => {
    await importFiles(fixture, { 'note.csv': 'k,v\ra,1\r\nb,2\nc,3\r' });
    expect(await notes()).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
  });
});

describe('the fast path into a table without rows at the as-of', () => {
  it('keeps rows of other times, and is not used once the table has rows at the as-of', async () => {
    await importFiles(fixture, ofNote('a,1', 'b,2'), { asOf: new Date('2025-12-31T00:00:00Z') });
    await importFiles(fixture, ofNote('a,1', 'b,3'));
    expect(await notes()).toHaveLength(4);
    const { tables } = await importFiles(fixture, ofNote('a,1', 'b,4', 'c,5'));
    expect(tables).toMatchObject([{ inserted: 1, changed: 1, unchanged: 1 }]);
  });

  it('stops at the first problem, and all problems are listed nevertheless', async () => {
    const refusal = await refusalOf(importFiles(fixture, ofNote('a,1', 'a,2', 'b,\0', 'c,3', 'c,4')));
    expect(refusal.places).toEqual([
      'note.csv:3: k "a" is already at note.csv:2',
      'note.csv:4 v: "\\u0000" contains a zero byte',
      'note.csv:6: k "c" is already at note.csv:5',
    ]);
    expect(await notes()).toEqual([]);
  });

  it('is not used if the table does not support COPY because of row-level security', async () => {
    const { pool } = fixture.database;
    await pool.query(`
      drop role if exists importer; create role importer; grant usage on schema public to importer; grant all on public.note to importer;
      alter table public.note enable row level security;
      create policy everything on public.note using (true) with check (true)`);
    const url = new URL(fixture.database.url);
    url.searchParams.set('options', '-c role=importer');
    const restricted = openDatabase(url.href);
    try {
      const paths = [await folderOf(ofNote('a,1'))];
      const { tables } = await importPaths(restricted.pool, { paths, asOf: january });
      expect(tables).toMatchObject([{ inserted: 1 }]);
      expect(await notes()).toEqual([['a', '1']]);
    } finally {
      await restricted.close();
      await pool.query(
        'alter table public.note disable row level security; drop owned by importer; drop role importer',
      );
    }
  });
});

describe('files', () => {
  it('may be named one by one, from several folders', async () => {
    const folder = await folderOf(ofNote('a,1'));
    const other = await folderOf({ 'exact.csv': 'k,n,d,day,at\n1,,,,\n' });
    const paths = [path.join(folder, 'note.csv'), other];
    const { tables } = await importPaths(fixture.database.pool, { paths, asOf: january });
    expect(tables.map(({ table }) => table)).toEqual(['exact', 'note']);
  });

  it('that disappear during an import undo all of it', async () => {
    const folder = await folderOf({ 'exact.csv': 'k,n,d,day,at\n1,,,,\n', ...ofNote('a,1') });
    const refusal = await refusalOf(
      importPaths(fixture.database.pool, {
        paths: [folder],
        asOf: january,
        onProgress: ({ file }) => {
          if (file === 'exact.csv') rmSync(path.join(folder, 'note.csv'), { force: true });
        },
      }),
    );
    expect(refusal).toMatchObject({
      code: 'IMPORT_FOLDER',
      message: `${folder}/note.csv cannot be read: ENOENT`,
    });
    const { rows } = await fixture.database.pool.query('select from public.exact');
    expect(rows).toEqual([]);
  });
});

/** Writes a file of many rows, so that its import takes a while. */
async function largeNote(rows: number): Promise<string> {
  const folder = await emptyFolder();
  const lines = function* (): Generator<string> {
    yield 'k,v\n';
    for (let row = 0; row < rows; row += 1_000) {
      let text = '';
      for (let i = row; i < row + 1_000; i += 1) text += `${i},${'x'.repeat(20)}\n`;
      yield text;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(path.join(folder, 'note.csv')));
  return folder;
}

describe('an interrupted import', () => {
  it('keeps nothing and unlocks the table after its signal aborts it', async () => {
    const folder = await largeNote(100_000);
    const ending = new AbortController();
    const reason = new Error('enough');
    await expect(
      importPaths(fixture.database.pool, {
        paths: [folder],
        asOf: january,
        signal: ending.signal,
        onProgress: ({ rows }) => rows > 10_000 && ending.abort(reason),
      }),
    ).rejects.toBe(reason);
    expect(await notes()).toEqual([]);
    const { tables } = await importFiles(fixture, ofNote('a,1'));
    expect(tables).toMatchObject([{ inserted: 1 }]);
  });

  it('keeps nothing and unlocks the table after its process is killed', async () => {
    const folder = await largeNote(200_000);
    const program = path.join(folder, 'import.mjs');
    const root = path.resolve(import.meta.dirname, '../..');
    await writeFile(
      program,
      `import { openDatabase } from '${root}/store/postgres/database.ts';
       import { importFiles } from '${root}/store/import/import-files.ts';
       const { pool } = openDatabase(process.argv[2]);
       const onProgress = ({ rows }) => rows > 50_000 && process.kill(process.pid, 'SIGKILL');
       await importFiles(pool, { paths: [process.argv[3]], asOf: new Date(0), onProgress });`,
    );
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', program, fixture.database.url, path.join(folder, 'note.csv')],
      { cwd: root, stdio: 'ignore' },
    );
    const signal = await new Promise((resolve) => child.on('exit', (_, by) => resolve(by)));
    expect(signal).toBe('SIGKILL');
    await eventually(async () => {
      const { rows } = await fixture.database.pool.query(
        `select from pg_locks where relation = 'public.note'::regclass and pid <> pg_backend_pid()`,
      );
      expect(rows).toEqual([]);
    });
    expect(await notes()).toEqual([]);
    await rm(program);
  });
});

describe('concurrent imports of one table', () => {
  it('run one after the other, so that each sees all of another import or nothing of it', async () => {
    const rows = (value: string) => Array.from({ length: 2_000 }, (_, i) => `${i},${value}`);
    const brought = await Promise.all(
      ['x', 'y', 'z'].map((value) => importFiles(fixture, ofNote(...rows(value)))),
    );
    const counts = brought.map(({ tables }) => [tables[0]!.inserted, tables[0]!.changed]);
    expect(counts.sort((a, b) => a[0]! - b[0]!)).toEqual([
      [0, 2_000],
      [0, 2_000],
      [2_000, 0],
    ]);
    const { rows: versions } = await fixture.database.pool.query<{ order: string; keys: number }>(`
      select versions as order, count(*)::integer as keys
      from (select k, string_agg(v, '' order by loaded_at) as versions from public.note group by k) by_key
      group by versions`);
    expect(versions).toEqual([{ order: expect.stringMatching(/^[xyz]{3}$/) as string, keys: 2_000 }]);
  });
});
