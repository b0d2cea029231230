// Encoding of features: the same numbers for rows and records, learnt from training rows only.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TidegateError } from '../../../domain/errors.ts';
import { recordAt } from '../../../domain/data/frame.ts';
import { CLIP, encodeRecord, encodeRows, missingIn } from '../../../domain/learning/encode/encode.ts';
import { encodedNames, encodedWidth } from '../../../domain/learning/encode/encoding.ts';
import { fitEncoding, MAX_LEVELS } from '../../../domain/learning/encode/fit-encoding.ts';
import { frameOf, type Values } from '../drift/frame-of.ts';
import { allRows } from './labelled-frame.ts';

const fitted = (columns: Record<string, Values>) => {
  const frame = frameOf(columns);
  return { frame, encoding: fitEncoding(frame, allRows(frame)) };
};

describe('an encoding of numbers', () => {
  test('standardises by mean and standard deviation', () => {
    const { encoding } = fitted({ x: [1, 2, 3, 4] });
    expect(encoding.columns).toEqual([
      { kind: 'numeric', name: 'x', scale: { mean: 2.5, sd: Math.sqrt(1.25) }, missing: false },
    ]);
    expect([...encodeRecord(encoding, { x: 2.5 })]).toEqual([1, 0]);
  });

  test('keeps the digits of a standard deviation that is small compared with the mean of many rows', () => {
    const near = Float64Array.from({ length: 200_000 }, (_, row) => (row * 7_919) % 41);
    const scaleOf = (offset: number) => {
      const [column] = fitted({ x: near.map((value) => value + offset) }).encoding.columns;
      if (column?.kind !== 'numeric' || !column.scale) throw new Error('the column has no scale');
      return column.scale;
    };
    const [plain, far] = [scaleOf(0), scaleOf(1e12)];
    expect(far.sd / plain.sd).toBeCloseTo(1, 5);
    expect(far.mean - 1e12).toBeCloseTo(plain.mean, 2);
  });

  test('encodes a missing number as the mean with an indicator if training had missing values', () => {
    const { encoding, frame } = fitted({ x: [1, NaN, 3] });
    expect(encodedNames(encoding)).toEqual(['(intercept)', 'x', 'x missing']);
    expect([...encodeRows(encoding, frame, allRows(frame))]).toEqual([1, -1, 0, 1, 0, 1, 1, 1, 0]);
  });

  test('encodes a missing number as the mean without an indicator if training had no missing values', () => {
    const { encoding } = fitted({ x: [1, 3] });
    expect([...encodeRecord(encoding, { x: null })]).toEqual([1, 0]);
  });

  test('counts infinities as missing', () => {
    const { encoding } = fitted({ x: [1, 3, Infinity, -Infinity] });
    expect(encoding.columns[0]).toEqual({
      kind: 'numeric',
      name: 'x',
      scale: { mean: 2, sd: 1 },
      missing: true,
    });
    expect([...encodeRecord(encoding, { x: -Infinity })]).toEqual([1, 0, 1]);
    expect(missingIn(encoding, { x: Infinity })).toEqual(['x']);
  });

  test('keeps the indicator of a column whose present values are constant', () => {
    const { encoding } = fitted({ x: [7, NaN, 7] });
    expect(encodedNames(encoding)).toEqual(['(intercept)', 'x missing']);
    expect(encoding.dropped).toEqual([]);
  });

  test('drops and names columns that are constant or entirely missing', () => {
    const { encoding } = fitted({ same: [7, 7], none: [NaN, NaN], rounding: [0.1 + 0.2, 0.3], x: [1, 2] });
    expect(encoding.dropped).toEqual(['same', 'none', 'rounding']);
    expect(encodedNames(encoding)).toEqual(['(intercept)', 'x']);
  });

  test('is finite at the ends of the number range, in training and afterwards', () => {
    const { encoding, frame } = fitted({ x: [1e308, -1e308, 1e308, -1e308], y: [1, 2, 3, 4] });
    expect(encoding.columns[0]).toMatchObject({ scale: { mean: 0, sd: 1e308 } });
    expect([...encodeRows(encoding, frame, Uint32Array.of(0, 1))].every(Number.isFinite)).toBe(true);
    expect(encodeRecord(encoding, { x: 1.7e308, y: -1.7e308 })[2]).toBe(-CLIP);
    expect(encodeRecord(encoding, { x: 1.7e308, y: 1 })[1]).toBeCloseTo(1.7, 12);
    const far = fitted({ x: [-1.7e308, -1.7e308, -1.7e308, 1.7e308] });
    expect(encodeRows(far.encoding, far.frame, Uint32Array.of(3))[1]).toBeCloseTo(Math.sqrt(3), 12);
  });
});

describe('an encoding of categories', () => {
  test('has a column for each level and one for missing values', () => {
    const { encoding } = fitted({ k: ['b', 'a', null, 'b'] });
    expect(encodedNames(encoding)).toEqual(['(intercept)', 'k = a', 'k = b', 'k missing']);
    expect([...encodeRecord(encoding, { k: 'b' })]).toEqual([1, 0, 1, 0]);
    expect([...encodeRecord(encoding, { k: null })]).toEqual([1, 0, 0, 1]);
    expect([...encodeRecord(encoding, {})]).toEqual([1, 0, 0, 1]);
  });

  test('sets no column for an unseen or missing value if training had neither', () => {
    const { encoding } = fitted({ k: ['a', 'b'] });
    expect([...encodeRecord(encoding, { k: 'unseen' })]).toEqual([1, 0, 0]);
    expect([...encodeRecord(encoding, { k: null })]).toEqual([1, 0, 0]);
  });

  test('keeps the most common of 10,000 categories and puts the others into one column', () => {
    const rare = Array.from({ length: 10_000 }, (_, index) => `rare ${index}`);
    const { encoding } = fitted({ k: ['common', 'common', ...rare] });
    expect(encodedWidth(encoding)).toBe(1 + MAX_LEVELS + 1);
    expect(encoding.columns[0]).toMatchObject({ other: true });
    expect(encodedNames(encoding)).toContain('k = common');
    expect(encodeRecord(encoding, { k: 'rare 9999' }).at(-1)).toBe(1);
    expect(encodeRecord(encoding, { k: 'unseen' }).at(-1)).toBe(1);
    expect(encodeRecord(encoding, { k: 'common' }).at(-1)).toBe(0);
  });

  test('drops and names a category of a single value', () => {
    expect(fitted({ k: ['a', 'a'], x: [1, 2] }).encoding.dropped).toEqual(['k']);
  });

  test('does not depend on the order of the rows', () => {
    const one = fitted({ k: ['b', 'a', 'c', 'a'] }).encoding;
    expect(fitted({ k: ['a', 'c', 'a', 'b'] }).encoding).toEqual(one);
  });
});

describe('an encoding', () => {
  test('reads only the given rows', () => {
    const frame = frameOf({ x: [1, 3, 1e9], k: ['a', 'b', 'only elsewhere'], m: [1, 2, NaN] });
    const elsewhere = frameOf({ x: [1, 3, -5], k: ['a', 'b', null], m: [1, 2, 7] });
    const rows = Uint32Array.of(0, 1);
    expect(fitEncoding(frame, rows)).toEqual(fitEncoding(elsewhere, rows));
  });

  test('is the same after a round trip through JSON', () => {
    const { encoding } = fitted({ x: [1, NaN, 3], k: ['a', null, 'b'] });
    expect(JSON.parse(JSON.stringify(encoding))).toEqual(encoding);
  });

  test('refuses a frame that lacks a feature or has it as another kind', () => {
    const { encoding } = fitted({ x: [1, 2] });
    const code = (columns: Record<string, Values>): string => {
      try {
        encodeRows(encoding, frameOf(columns), Uint32Array.of(0));
        return 'encoded';
      } catch (error) {
        return (error as TidegateError).code;
      }
    };
    expect(code({ y: [1] })).toBe('UNKNOWN_COLUMN');
    expect(code({ x: ['a'] })).toBe('WRONG_COLUMN_TYPE');
    expect(code({ x: [1] })).toBe('encoded');
  });

  test('counts values of the wrong type and inherited object properties as missing', () => {
    const { encoding } = fitted({ constructor: [1, NaN, 3], k: ['a', null, 'b'] });
    expect(missingIn(encoding, { k: 3 })).toEqual(['constructor', 'k']);
    expect([...encodeRecord(encoding, { k: 3 })]).toEqual([1, 0, 1, 0, 0, 1]);
  });

  test('encodes a record exactly as its row, for any values', () => {
    const number = fc.oneof(
      fc.double({ noDefaultInfinity: false }),
      fc.integer({ min: -3, max: 3 }),
      fc.constantFrom(NaN, 1e308, -1e308, Infinity, 5e-324),
    );
    const text = fc.option(fc.constantFrom('a', 'b', 'c', '', '__proto__', 'missing'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, text), { minLength: 2, maxLength: 30 }),
        fc.nat(),
        (cells, cut) => {
          const frame = frameOf({
            x: Float64Array.from(cells, ([x]) => x),
            y: Float64Array.from(cells, ([, y]) => y),
            // A leading text makes the column a category; its row is in the frame but not among the training rows.
            k: ['first', ...cells.slice(1).map(([, , k]) => k)],
          });
          const encoding = fitEncoding(frame, allRows(frame).subarray(1, 2 + (cut % cells.length)));
          const matrix = encodeRows(encoding, frame, allRows(frame));
          const width = encodedWidth(encoding);
          expect(matrix.every(Number.isFinite)).toBe(true);
          for (let row = 0; row < frame.rows; row += 1) {
            expect(encodeRecord(encoding, recordAt(frame, row))).toEqual(
              matrix.slice(row * width, (row + 1) * width),
            );
          }
        },
      ),
    );
  });
});
