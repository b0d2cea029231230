// Postgres accepts every value that our cell checks accept.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellCheckFor } from '../../store/import/cell-checks.ts';
import { type ImportFixture, importFixture } from './import-fixture.ts';

let fixture: ImportFixture;
beforeAll(async () => (fixture = await importFixture()));
afterAll(() => fixture.drop());

/** Values on both sides of each type's limits. */
const values: Readonly<
  Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }>
> = {
  smallint: { good: ['0', '-32768', '32767', '007'], bad: ['32768', '-32769', '1.0', ''] },
  integer: {
    good: ['0', '-0', '+7', '-2147483648', '2147483647'],
    bad: ['2147483648', '-2147483649', '1.0', '1e3', ' 7', '7 ', '0x1', '1_000', 'NaN', '٣', '9'.repeat(400)],
  },
  bigint: {
    good: ['9223372036854775807', '-9223372036854775808', '+1'],
    bad: ['9223372036854775808', '-9223372036854775809', '1.5', '-', '9'.repeat(400)],
  },
  'double precision': {
    good: ['0', '-0.0', '.5', '5.', '1e308', '24.483650766787413', '5e-324', '0e-999', '-1E+5', '16.0'],
    bad: ['1e309', '1e-400', '-1e-400', '1,5', '0x1p3', 'NaN', 'inf', '-Infinity', '.', 'e5', '1 ', '1e'],
  },
  real: { good: ['3.4e38', '1e-45', '0.1'], bad: ['3.5e38', '1e-46', 'nan'] },
  boolean: {
    good: ['True', 'FALSE', 't', 'f', '1', '0', 'yes', 'no', 'Y', 'n', 'on', 'off'],
    bad: ['2', 'maybe', 'tru', ' true', '1.0'],
  },
  date: {
    good: ['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'],
    bad: [
      '2023-02-29',
      '1900-02-29',
      '2024-13-01',
      '2024-00-01',
      '2024-01-00',
      '2024-04-31',
      '0000-01-01',
      '24-1-1',
    ],
  },
  'timestamp with time zone': {
    good: [
      '2024-02-29',
      '2024-02-29 23:59',
      '2024-02-29T23:59:59.123456Z',
      '2024-02-29 12:00:00+05:30',
      '2024-02-29T00:00-08',
    ],
    bad: [
      '2023-02-29T00:00Z',
      '2024-02-29 24:00',
      '2024-02-29T12:60',
      'now',
      '29.02.2024',
      '2024-02-29Z12:00',
      '1709200000',
    ],
  },
  'timestamp without time zone': {
    good: ['2024-02-29', '2024-02-29 23:59:00', '2024-02-29T12:00:00Z', 'infinity', '-infinity'],
    bad: ['2024-02-29T12:00:00+02:00', 'Infinity Z', '+infinity'],
  },
  uuid: {
    good: ['A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    bad: ['a0eebc99', 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  },
  'character varying(3)': { good: ['abc', '🦉🦉🦉', ' '], bad: ['abcd', 'a\0'] },
  text: { good: ['anything', '\ufffd'], bad: ['a\0b'] },
};

async function refusedByPostgres(type: string, texts: readonly string[]): Promise<string[]> {
  const { rows } = await fixture.database.pool.query<{ text: string }>(
    'select text from unnest($1::text[]) as text where not pg_input_is_valid(text, $2)',
    [texts, type],
  );
  return rows.map(({ text }) => text);
}

describe.each(Object.entries(values))('the check for %s', (type, { good, bad }) => {
  const check = cellCheckFor(type);

  it('accepts valid values, as Postgres does', async () => {
    expect(good.filter((text) => check(text) !== undefined)).toEqual([]);
    expect(await refusedByPostgres(type, good)).toEqual([]);
  });

  it('refuses invalid values', () => {
    expect(bad.filter((text) => check(text) === undefined)).toEqual([]);
  });

  it('accepts nothing that Postgres would refuse', async () => {
    const alphabet = fc.constantFrom(...'0123456789+-.:eETZ \\truefalsn_abn');
    const near = fc
      .constantFrom(...good, ...bad)
      .chain((text) =>
        fc
          .tuple(fc.nat(text.length), fc.nat(2), fc.string({ unit: alphabet, maxLength: 3 }))
          .map(([at, drop, insert]) => text.slice(0, at) + insert + text.slice(at + drop)),
      );
    const accepted = fc
      .sample(near, { numRuns: 3_000, seed: 11 })
      .filter((text) => text !== '' && check(text) === undefined);
    expect(accepted.length).toBeGreaterThan(20);
    expect(await refusedByPostgres(type, accepted)).toEqual([]);
  });
});
