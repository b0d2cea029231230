// The same rows arrive from every CSV dialect, and from Parquet.
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ImportRequest } from '../../store/import/import-files.ts';
import { type ImportFixture, importFiles, importFixture } from './import-fixture.ts';

const names = ['k', '__proto__', 'ü "q",;|'] as const;

let fixture: ImportFixture;
beforeAll(async () => {
  fixture = await importFixture();
  const columns = names.map((name) => `"${name.replaceAll('"', '""')}" text`).join(', ');
  await fixture.database.pool.query(`
    create table public.note (${columns}, as_of timestamptz, loaded_at timestamptz, primary key (k, as_of, loaded_at))`);
});
afterAll(() => fixture.drop());

type Row = readonly (string | null)[];

interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly lineEnds: readonly string[];
  readonly quoteAll: boolean;
  readonly encoding: 'utf8' | 'utf16-le' | 'utf16-be' | 'win1252';
  readonly mark: boolean;
  readonly endsWithBreak: boolean;
}

/** A writer of CSV that quotes only what needs quotes, or everything, and cycles through its line ends. */
function write(rows: readonly Row[], dialect: Dialect): Buffer {
  const { delimiter, quote, lineEnds, quoteAll, encoding, mark, endsWithBreak } = dialect;
  const cell = (value: string | null): string => {
    const text = value ?? '';
    const isBare = !quoteAll && ![delimiter, quote, '\r', '\n'].some((special) => text.includes(special));
    return isBare ? text : `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
  };
  const lines = [names, ...rows].map((row) => row.map(cell).join(delimiter));
  let text = mark ? '\ufeff' : '';
  lines.forEach((line, index) => {
    text += line;
    if (index < lines.length - 1 || endsWithBreak) text += lineEnds[index % lineEnds.length];
  });
  return iconv.encode(text, encoding);
}

const western = fc.constantFrom(...'aZ09 ,;|\t"\'\\\r\néèüß€ñ~#.');
const any = fc.oneof(
  { weight: 3, arbitrary: western },
  fc.constantFrom(
    '🦉',
    '日',
    '\u0301',
    '\ufeff',
    '\u2028',
    '\u0001',
    '\u007f',
    '\\N',
    '\\.',
    '=1+1',
    '__proto__',
  ),
);

/**
 * Rows with unique keys. They contain no empty texts, because CSV cannot distinguish those from missing
 * values.
 */
const rowsOf = (letter: fc.Arbitrary<string>): fc.Arbitrary<Row[]> => {
  const text = fc.array(letter, { minLength: 1, maxLength: 12 }).map((letters) => letters.join(''));
  const value = fc.option(text, { freq: 5 });
  return fc
    .array(fc.tuple(text, value, value), { minLength: 1, maxLength: 12 })
    .map((rows) => rows.map(([key, a, b], index) => [`${key}${index}`, a, b]));
};

const dialects: fc.Arbitrary<Dialect> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  quote: fc.constant('"'),
  lineEnds: fc.constantFrom(['\n'], ['\r\n'], ['\r'], ['\n', '\r\n'], ['\r\n', '\n', '\n']),
  quoteAll: fc.boolean(),
  encoding: fc.constantFrom('utf8' as const, 'utf16-le' as const, 'utf16-be' as const, 'win1252' as const),
  mark: fc.boolean(),
  endsWithBreak: fc.boolean(),
});

const written = dialects.chain((dialect) => {
  const isWestern = dialect.encoding === 'win1252';
  const mark = dialect.mark && !isWestern;
  return rowsOf(isWestern ? western : any).map((rows) => ({ rows, dialect: { ...dialect, mark } }));
});

async function imported(files: Record<string, Buffer>, request: Partial<ImportRequest> = {}): Promise<Row[]> {
  const { pool } = fixture.database;
  await pool.query('truncate public.note');
  await importFiles(fixture, files, request);
  const { rows } = await pool.query<(string | null)[]>({
    text: `select "k", "__proto__", "ü ""q"",;|" from public.note`,
    rowMode: 'array',
  });
  return byKey(rows);
}

const byKey = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => (a[0]! < b[0]! ? -1 : 1));

const ENCODINGS = { utf8: 'utf-8', 'utf16-le': 'utf-16le', 'utf16-be': 'utf-16be', win1252: 'windows-1252' };

test('reads any detected dialect back unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(written, async ({ rows, dialect }) => {
      // An encoding without a byte order mark is named, except UTF-8.
      const isTold = dialect.mark || dialect.encoding === 'utf8';
      const csv = isTold ? {} : { encoding: ENCODINGS[dialect.encoding] };
      expect(await imported({ 'note.csv': write(rows, dialect) }, { csv })).toEqual(byKey(rows));
    }),
    { numRuns: 150 },
  );
});

test('reads a named dialect back unchanged, including unusual characters', async () => {
  const odd = fc.record({
    delimiter: fc.constantFrom(':', '~', '#', ' ', '\u0001'),
    quote: fc.constantFrom("'", '"', '`'),
  });
  await fc.assert(
    fc.asyncProperty(written, odd, async ({ rows, dialect }, named) => {
      const csv = { ...named, encoding: ENCODINGS[dialect.encoding] };
      expect(await imported({ 'note.csv': write(rows, { ...dialect, ...named }) }, { csv })).toEqual(
        byKey(rows),
      );
    }),
    { numRuns: 50 },
  );
});

test('reads the same rows from Parquet and from CSV', async () => {
  await fc.assert(
    fc.asyncProperty(written, async ({ rows, dialect }) => {
      const columnData = names.map((name, column) => ({
        name,
        data: rows.map((row) => row[column]!),
        type: 'STRING' as const,
        nullable: true,
      }));
      const parquet = Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 5 }));
      const fromParquet = await imported({ 'note.parquet': parquet });
      expect(fromParquet).toEqual(byKey(rows));
      const csv = { encoding: ENCODINGS[dialect.encoding] };
      const { tables } = await importFiles(fixture, { 'note.csv': write(rows, dialect) }, { csv });
      expect(tables).toMatchObject([{ inserted: 0, changed: 0, unchanged: rows.length }]);
    }),
    { numRuns: 50 },
  );
});

test('detects unnamed Latin-1 if its letters are unambiguous, and reports the assumption', async () => {
  const { pool } = fixture.database;
  await pool.query(`
    create table public.name (k text, v text, as_of timestamptz, loaded_at timestamptz, primary key (k, as_of, loaded_at))`);
  const { tables } = await importFiles(fixture, { 'name.csv': Buffer.from('k;v\nJürgen;Bär\n', 'latin1') });
  expect(tables[0]!.assumed).toBe('name.csv does not declare its encoding and is read as windows-1252');
  expect((await pool.query('select k, v from public.name')).rows).toEqual([{ k: 'Jürgen', v: 'Bär' }]);
});
