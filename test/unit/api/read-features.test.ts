import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFeatures } from '../../../api/prediction/read-features.ts';
import { category, count, flag, numeric } from '../../../domain/features/column.ts';
import { TidegateError } from '../../../domain/errors.ts';

const features = [
  { name: 'hours', spec: numeric({ min: 0 }), view: 0 },
  { name: 'tickets', spec: count(), view: 0 },
  { name: 'plan', spec: category(['basic']), view: 0 },
  { name: 'paid', spec: flag(), view: 0 },
];
const read = (row: Record<string, unknown>) => readFeatures(features, [{ at: 'features', features: row }])[0];

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));

describe('a row of the declared types', () => {
  it('is read as it is, a flag as a category', () => {
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

  it('may leave out any feature, and lie outside the bounds of the contract', () => {
    expect(read({ hours: -1 })).toEqual({ hours: -1, tickets: null, plan: null, paid: null });
  });
});

describe('any other row', () => {
  it('is refused with a code of the table and a place for each wrong feature', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('hours', 'tickets', 'plan', 'paid', 'day'), fc.jsonValue()),
        (row) => {
          try {
            const record = read(row) as Record<string, unknown>;
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

  it('does not find features among the properties of every object', () => {
    expect(() => read(JSON.parse('{"constructor": 1}') as Record<string, unknown>)).toThrow(
      'no such feature',
    );
    expect(
      readFeatures([{ name: 'toString', spec: count(), view: 0 }], [{ at: 'features', features: {} }]),
    ).toEqual([{ toString: null }]);
  });

  it('is told what was sent, shortened', () => {
    expect(() => read({ hours: 'x'.repeat(5_000) })).toThrow(/^features.hours: .{0,120}$/);
  });
});
