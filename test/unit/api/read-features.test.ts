import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFeatures } from '../../../api/prediction/read-features.ts';
import { category, count, flag, instant, numeric } from '../../../domain/model/parts/column.ts';
import { TidegateError } from '../../../domain/errors.ts';

const sources = [
  { name: 'hours', spec: numeric({ min: 0 }), view: 0 },
  { name: 'tickets', spec: count(), view: 0 },
  { name: 'plan', spec: category(['basic']), view: 0 },
  { name: 'paid', spec: flag(), view: 0 },
  { name: 'since', spec: instant(), view: 0 },
];
const read = (row: Record<string, unknown>) => {
  const [sent] = readFeatures({ sources, derivations: [] }, [{ at: 'features', features: row }]);
  return Object.fromEntries(sent ?? []);
};

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));

describe('a row of the declared types', () => {
  it('is read unchanged, with flags as categories', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.nat(),
        text,
        fc.boolean(),
        (hours, tickets, plan, paid) => {
          expect(read({ hours, tickets, plan, paid })).toEqual({ hours, tickets, plan, paid: String(paid) });
        },
      ),
    );
  });

  it('may leave out any feature, and have values outside the declared bounds', () => {
    expect(read({ hours: -1, plan: null })).toEqual({ hours: -1, plan: null });
  });
});

describe('a long text', () => {
  it('is cut to a category', () => {
    const start = 'x'.repeat(999);
    expect(read({ plan: `${start}😀${'y'.repeat(4_000_000)}` })).toEqual({ plan: `${start}😀` });
  });

  it.each(['\0', '\ud83d'])('is refused if it ends with %j, which Postgres cannot store', (end) => {
    expect(() => read({ plan: `${'x'.repeat(1_500)}${end}` })).toThrow('expected a text without NUL');
  });
});

describe('an instant', () => {
  it.each([
    ['2024-02-29', Date.parse('2024-02-29T00:00:00Z') * 1_000],
    ['2024-02-29T06:00:00Z', Date.parse('2024-02-29T06:00:00Z') * 1_000],
    ['2024-02-29T06:00:00.5+02:00', Date.parse('2024-02-29T04:00:00.5Z') * 1_000],
    ['2024-02-29T06:00:00.000001Z', Date.parse('2024-02-29T06:00:00Z') * 1_000 + 1],
    ['1969-12-31T23:59:59.999999Z', -1],
  ])('%s is read to the microsecond', (text, micros) => {
    expect(read({ since: text })).toEqual({ since: micros });
  });

  it.each([
    '2023-02-29',
    '2024-02-29T06:00:00',
    '2024-02-29T06:00:00.1234567Z',
    'yesterday',
    '',
    1_709_186_400_000,
  ])('%j is refused', (value) => {
    expect(() => read({ since: value })).toThrow(
      'features.since: expected a day, or an instant with its offset',
    );
  });
});

describe('any other row', () => {
  it('is refused with a code of the error table and a place for each wrong feature', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('hours', 'tickets', 'plan', 'paid', 'day'), fc.jsonValue()),
        (row) => {
          try {
            const record = read(row);
            for (const [name, value] of Object.entries(row)) {
              expect(record[name]).toEqual(typeof value === 'boolean' ? String(value) : value);
            }
          } catch (error) {
            if (!(error instanceof TidegateError)) throw error;
            expect(['UNKNOWN_FEATURE', 'INVALID_FEATURE']).toContain(error.code);
            expect(error.places.every(({ at }) => at.slice('features.'.length) in row)).toBe(true);
          }
        },
      ),
    );
  });

  it('is not read from inherited properties of objects', () => {
    expect(() => read(JSON.parse('{"constructor": 1}') as Record<string, unknown>)).toThrow(
      'no such feature',
    );
    expect(
      readFeatures({ sources: [{ name: 'toString', spec: count(), view: 0 }], derivations: [] }, [
        { at: 'features', features: {} },
      ]),
    ).toEqual([new Map()]);
  });

  it('is refused with an error that quotes the value, shortened', () => {
    expect(() => read({ hours: 'x'.repeat(5_000) })).toThrow(/^features.hours: .{0,120}$/);
  });
});
