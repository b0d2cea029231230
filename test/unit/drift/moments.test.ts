// Tests that means and standard deviations are exact even if the usual formulas would lose digits or overflow.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { addMoments, type Moments, momentsOf, NO_MOMENTS } from '../../../domain/data/math/moments.ts';
import { type NumericProfile } from '../../../domain/data/profile/numeric-profile.ts';
import { type NumericReference } from '../../../domain/data/profile/numeric-reference.ts';
import { WindowProfiler } from '../../../domain/data/profile/window-profile.ts';
import { frameOf } from './frame-of.ts';

/** Computes exact moments with integers in units of the smallest double; rounds only at the end. */
function exactMoments(values: readonly number[]): Moments {
  const finite = values.filter(Number.isFinite);
  const n = BigInt(finite.length);
  if (n === 0n) return NO_MOMENTS;
  const units = finite.map(inSmallestDoubles);
  const sum = units.reduce((all, one) => all + one, 0n);
  // n² times the variance.
  const spread = n * units.reduce((all, one) => all + one * one, 0n) - sum * sum;
  return {
    finite: finite.length,
    mean: fromSmallestDoubles(sum, n),
    sd: fromSmallestDoubles(rootOf(spread), n),
  };
}

const bits = new DataView(new ArrayBuffer(8));

/** Returns a double as a multiple of 2^-1074. */
function inSmallestDoubles(value: number): bigint {
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const digits = word & 0xfffffffffffffn;
  const size = exponent === 0n ? digits : (digits | 0x10000000000000n) << (exponent - 1n);
  return word >> 63n === 0n ? size : -size;
}

/** Returns a multiple of 2^-1074, divided by n, as a double. */
function fromSmallestDoubles(units: bigint, n: bigint): number {
  const size = ((units < 0n ? -units : units) << 64n) / n;
  const shift = Math.max(0, size.toString(2).length - 60);
  const exponent = shift - 64 - 1_074;
  const half = Math.trunc(exponent / 2);
  const value = Number(size >> BigInt(shift)) * 2 ** half * 2 ** (exponent - half);
  return units < 0n ? -value : value;
}

function rootOf(square: bigint): bigint {
  if (square < 2n) return square;
  let root = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Expects moments that are equal to within 1e-12 of the larger of mean and standard deviation. */
function expectAlike(moments: Moments | null, expected: Moments): void {
  if (moments === null) throw new Error('there are no moments');
  expect(moments.finite).toBe(expected.finite);
  const tolerance = Math.max(Math.abs(expected.mean), expected.sd) * 1e-12;
  expect(Math.abs(moments.mean / 2 - expected.mean / 2)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(moments.sd / 2 - expected.sd / 2)).toBeLessThanOrEqual(tolerance);
}

/** Computes the moments as a window's profile does, from values that come in pieces. */
function profiled(values: readonly number[], pieces: readonly number[] = [values.length]): Moments | null {
  const reference = freezeReference(frameOf({ x: [1, 2, 3, 4] }));
  const profiler = new WindowProfiler(reference, [{ name: 'x', kind: 'numeric' }]);
  let at = 0;
  for (const size of [...pieces, values.length]) {
    profiler.addNumbers('x', Float64Array.from(values.slice(at, at + size)));
    at += size;
  }
  return (profiler.profile().columns[0] as NumericProfile).moments;
}

const HARD: readonly (readonly [string, readonly number[]])[] = [
  ['no values', []],
  ['only missing values', [NaN, NaN]],
  ['only infinities', [Infinity, -Infinity, Infinity]],
  ['infinities among numbers', [1, Infinity, 2, -Infinity, 3]],
  ['one value', [7]],
  ['one value, many times', Array<number>(1_000).fill(0.1)],
  ['the largest doubles of both signs', [1.797e308, -1.797e308, 1.797e308]],
  ['near 1e308', [1e308, 1.1e308, 1.2e308]],
  ['the smallest doubles', [5e-324, 1e-323, 3e-310]],
  ['1e-200 on both sides of 0', [1e-200, -1e-200, 2e-200, -2e-200]],
  ['far from 0 and close together', Array.from({ length: 999 }, (_, i) => 1e9 + (i % 3) / 1_000)],
  ['whole numbers beyond 2^53', [9.22e18, 9.22e18 + 2048, 9.22e18 - 4096]],
  ['an outlier first', [1e12, ...Array.from({ length: 500 }, (_, i) => 1 + (i % 7) / 10)]],
  ['fees near 500,000', Array.from({ length: 500 }, (_, i) => 499_990 + (i % 21))],
];

describe('the moments of a column', () => {
  it.each(HARD)('are exact for %s, whole or in pieces', (_, values) => {
    const expected = exactMoments(values);
    expectAlike(momentsOf(Float64Array.from(values)), expected);
    expectAlike(profiled(values), expected);
    expectAlike(profiled(values, [1, 2, 3]), expected);
  });

  it('match those of numpy for values close together near 1e8', () => {
    // numpy.mean and numpy.std of the same four values.
    const moments = profiled([1e8 + 0.5, 1e8 + 0.25, 1e8 + 0.75, 1e8]);
    expect(moments?.mean).toBe(100_000_000.375);
    expect(moments?.sd).toBeCloseTo(0.2795084971874737, 15);
  });

  const number = fc.oneof(
    fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1.797e308, -1.797e308, 5e-324),
    fc.double(),
    fc.double({ min: -4, max: 4, noNaN: true }),
    fc.double({ min: 1e9, max: 1e9 + 1, noNaN: true }),
  );

  it('of parts add up, in any order, to those of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.array(number), { maxLength: 6 }), (parts) => {
        const expected = exactMoments(parts.flat());
        const each = parts.map((part) => profiled(part) ?? NO_MOMENTS);
        expectAlike(each.reduce(addMoments, NO_MOMENTS), expected);
        expectAlike(each.toReversed().reduce(addMoments, NO_MOMENTS), expected);
        expectAlike(
          profiled(
            parts.flat(),
            parts.map(({ length }) => length),
          ),
          expected,
        );
      }),
    );
  });

  it('are not clipped to the range of the reference, unlike distances', () => {
    const side = (low: number, high: number) =>
      Array.from({ length: 2_001 }, (_, at) => low + ((high - low) * at) / 2_000);
    const reference = freezeReference(frameOf({ x: side(1.1, 1.4) }));
    expect((reference.columns[0] as NumericReference).profile.moments?.mean).toBeCloseTo(1.25, 12);
    expect(profiled(side(-4, 1.1))?.mean).toBeCloseTo(-1.45, 12);
  });
});
