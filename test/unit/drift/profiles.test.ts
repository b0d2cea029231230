import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { normedWasserstein } from '../../../domain/drift/statistics/wasserstein.ts';
import { toUnits, unitScale } from '../../../domain/data/profile/clip-range.ts';
import { measureColumn } from '../../../domain/drift/column-measurement.ts';
import { edgeGrid } from '../../../domain/data/profile/edge-grid.ts';
import { freezeReference, type FeatureReference } from '../../../domain/data/profile/feature-reference.ts';
import { ksBracket, ksTest } from '../../../domain/drift/statistics/ks.ts';
import { nextUp } from '../../../domain/data/math/total.ts';
import { profileNumbers, type NumericProfile } from '../../../domain/data/profile/numeric-profile.ts';
import type { NumericReference } from '../../../domain/data/profile/numeric-reference.ts';
import {
  decodeProfile,
  decodeReference,
  encodeProfile,
  encodeReference,
} from '../../../domain/data/profile/profile-codec.ts';
import { psiOfSamples } from '../../../domain/drift/statistics/psi.ts';
import { wassersteinBracket } from '../../../domain/drift/statistics/wasserstein.ts';
import { mergeProfiles, profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { frameOf, normals, randomOf, repeated } from './frame-of.ts';

const numberColumn = (
  values: ArrayLike<number>,
): { reference: FeatureReference; column: NumericReference } => {
  const reference = freezeReference(frameOf({ x: Float64Array.from(values) }));
  return { reference, column: reference.columns[0] as NumericReference };
};
const profileOf = (reference: FeatureReference, values: ArrayLike<number>): NumericProfile =>
  profileWindow(reference, frameOf({ x: Float64Array.from(values) })).columns[0] as NumericProfile;

/** Samples of few distinct values, of many, and of extreme ones. */
const sample = fc.oneof(
  fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 80 }),
  fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 80 }),
  fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 80 }),
);

describe('the bins of a numeric column', () => {
  it('are those of a plain search, for all kinds of numbers', () => {
    fc.assert(
      fc.property(sample, sample, (cutsAt, values) => {
        const cuts = Float64Array.from(new Set(cutsAt.map((cut) => cut + 0))).sort();
        const profile = profileNumbers('x', Float64Array.from(values), edgeGrid(cuts), unitScale(null));
        const expected = new Float64Array(cuts.length + 1);
        for (const value of values) expected[cuts.filter((cut) => cut <= value).length]!++;
        expect(profile.counts).toEqual(expected);
      }),
    );
  });

  it('are those of a plain search, in a skewed column with thousands of bins', () => {
    const random = randomOf(2);
    const values = normals(9_000, random).map((value) => Math.exp(4 * value));
    const { column } = numberColumn(values);
    const expected = new Float64Array(column.cuts.length + 1);
    for (const value of values) expected[column.cuts.filter((cut) => cut <= value).length]!++;
    expect(column.profile.counts).toEqual(expected);
    expect(column.cuts.length).toBeGreaterThan(2_000);
  });

  it('have strictly ascending edges, and one bin for each of few values', () => {
    const { column } = numberColumn([3, 1, 1, -0, 0, Infinity]);
    expect([...column.cuts]).toEqual([...new Set(column.cuts)].sort((a, b) => a - b));
    expect([...column.profile.counts].filter((count) => count > 0)).toEqual([2, 2, 1, 1]);
    expect(Object.is(column.cuts[0], 0)).toBe(true);
  });

  it('can end at the next larger double', () => {
    for (const value of [0, -0, 1, -1, 5e-324, -5e-324, 1e308, -Infinity, 0.1]) {
      expect(nextUp(value)).toBeGreaterThan(value);
      const middle = value / 2 + nextUp(value) / 2;
      expect([value, nextUp(value)].some((end) => end === middle) || !Number.isFinite(middle)).toBe(true);
    }
    expect(nextUp(Infinity)).toBe(Infinity);
  });
});

describe('the KS bounds of a profile', () => {
  it('equal the exact D if the reference has few distinct values', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const { reference, column } = numberColumn(a);
        const { lower, upper } = ksBracket(
          column.cuts,
          column.profile.counts,
          profileOf(reference, b).counts,
        );
        const exact = ksTest(Float64Array.from(a), Float64Array.from(b))?.d ?? NaN;
        expect(lower).toBeCloseTo(exact, 12);
        expect(upper).toBe(lower);
      }),
    );
  });

  it.each([
    ['continuous', (x: number) => x],
    ['skewed', (x: number) => Math.exp(2 * x)],
    ['rounded', (x: number) => Math.round(x * 1e3) / 10],
    ['tied at zero', (x: number) => Math.max(0, x)],
    ['with infinities', (x: number) => (x > 2 ? Infinity : x < -2 ? -Infinity : x)],
  ])('contain the exact D and are at most 0.0007 apart: %s', (_, map) => {
    const random = randomOf(9);
    for (const [n, m, shift] of [
      [2_100, 300, 0],
      [2_900, 500, 0],
      [4_200, 3_000, 0],
      [7_043, 7_000, 0.1],
      [30_000, 900, 0.02],
    ] as const) {
      const a = normals(n, random).map(map);
      const b = normals(m, random, shift).map(map);
      const { reference, column } = numberColumn(a);
      const { lower, upper } = ksBracket(column.cuts, column.profile.counts, profileOf(reference, b).counts);
      const exact = ksTest(a, b)?.d ?? NaN;
      expect(lower).toBeLessThanOrEqual(exact + 1e-12);
      expect(upper).toBeGreaterThanOrEqual(exact - 1e-12);
      expect(upper - lower).toBeLessThanOrEqual(0.0007);
    }
  });

  it('differ if a bin contains different values of both sides', () => {
    const bracket = ksBracket(Float64Array.of(0), Float64Array.of(2, 2), Float64Array.of(2, 2));
    expect(bracket).toEqual({ lower: 0, upper: 0.5 });
  });
});

describe('the Wasserstein bounds of a profile', () => {
  it('contain the distance of the samples', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const { reference, column } = numberColumn(a);
        const edges = toUnits(column.cuts, unitScale(column.range));
        const { lower, upper } = wassersteinBracket(edges, column.profile, profileOf(reference, b));
        const exact = normedWasserstein(Float64Array.from(a), Float64Array.from(b));
        expect(exact === null).toBe(column.spread === 0);
        if (exact === null) return;
        expect(lower / column.spread).toBeLessThanOrEqual(exact + 1e-9);
        expect(upper / column.spread).toBeGreaterThanOrEqual(exact - 1e-9);
      }),
    );
  });

  it('are close together for thousands of rows, and still contain the distance', () => {
    const random = randomOf(4);
    for (const shift of [0, 0.05, 0.5]) {
      const [a, b] = [normals(20_000, random), normals(3_000, random, shift)];
      const { reference, column } = numberColumn(a);
      const edges = toUnits(column.cuts, unitScale(column.range));
      const { lower, upper } = wassersteinBracket(edges, column.profile, profileOf(reference, b));
      const exact = normedWasserstein(a, b) ?? NaN;
      expect(lower / column.spread).toBeLessThanOrEqual(exact + 1e-9);
      expect(upper / column.spread).toBeGreaterThanOrEqual(exact - 1e-9);
      expect(upper - lower).toBeLessThan(1e-4);
    }
  });
});

describe('PSI of a profile', () => {
  it('equals that of the samples, for few distinct values and for many', () => {
    const random = randomOf(6);
    const large = [normals(5_000, random), normals(800, random, 0.3)] as const;
    const expected = psiOfSamples(...large) ?? NaN;
    const { reference, column } = numberColumn(large[0]);
    expect(measureColumn(column, profileOf(reference, large[1]), { minRows: 30 }).psi?.value).toBeCloseTo(
      expected,
      12,
    );
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const small = numberColumn(a);
        const psi = measureColumn(small.column, profileOf(small.reference, b), { minRows: 1 }).psi;
        const exact = psiOfSamples(Float64Array.from(a), Float64Array.from(b));
        expect(psi === null).toBe(exact === null);
        if (psi !== null) expect(psi.value).toBeCloseTo(exact ?? NaN, 10);
      }),
    );
  });
});

describe('profiles of parts', () => {
  const value = fc.option(fc.constantFrom('a', 'b', 'c', 'new', '__proto__'));
  const row = fc.tuple(fc.double({ min: -4, max: 4 }), value, fc.integer({ min: 0, max: 1 }));
  const table = (rows: (readonly [number, string | null, number])[]) =>
    frameOf(
      { x: Float64Array.from(rows, ([x]) => x), c: rows.map(([, c]) => c) },
      rows.map(([, , label]) => label),
    );
  const reference = freezeReference(
    frameOf({ x: normals(200, randomOf(1)), c: repeated<string | null>(['a', 90], ['b', 100], [null, 10]) }),
  );

  it('add up to the profile of the whole', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.array(row, { minLength: 1 }), (first, second) => {
        const whole = encodeProfile(profileWindow(reference, table([...first, ...second])));
        const sum = mergeProfiles(
          profileWindow(reference, table(first)),
          profileWindow(reference, table(second)),
        );
        const merged = encodeProfile(sum);
        expect({ ...merged, columns: merged.columns.map(withoutSums) }).toEqual({
          ...whole,
          columns: whole.columns.map(withoutSums),
        });
        const total = (profile: NumericProfile): number => profile.sums.reduce((all, one) => all + one, 0);
        const wholeSums = decodeProfile(whole).columns[0] as NumericProfile;
        expect(total(sum.columns[0] as NumericProfile)).toBeCloseTo(total(wholeSums), 9);
      }),
    );
  });

  it('cannot be merged if they were counted against different references', () => {
    const other = freezeReference(frameOf({ x: [1, 2] }));
    const [a, b] = [
      profileWindow(reference, table([[1, 'a', 0]])),
      profileWindow(other, frameOf({ x: [1] })),
    ];
    expect(() => mergeProfiles(a, b)).toThrow(TidegateError);
  });

  it('lose a column in the merge if one of them lacks it', () => {
    const part = profileWindow(reference, table([[1, 'a', 0]]));
    const without = profileWindow(reference, frameOf({ x: [1] }));
    expect(mergeProfiles(part, without).columns[1]?.kind).toBe('absent');
    expect(mergeProfiles(without, part).columns[1]?.kind).toBe('absent');
  });
});

const withoutSums = (column: object): object => ({ ...column, sums: null, moments: null });

describe('a stored reference', () => {
  const frame = frameOf({
    x: [NaN, Infinity, -Infinity, 0.1, 1e308, -1e308, 5e-324],
    empty: new Float64Array(7).fill(NaN),
    c: ['a', null, 'ü', '__proto__', 'a', '', 'b'],
  });
  const reference = freezeReference(frame);

  it('survives canonical JSON bit for bit', () => {
    const text = canonicalJson(encodeReference(reference));
    expect(decodeReference(JSON.parse(text) as ReturnType<typeof encodeReference>)).toEqual(reference);
    const profile = profileWindow(
      reference,
      frameOf({ x: [Infinity, 3, NaN], empty: [1, 2, 3], c: ['new', 'a', null] }),
    );
    const profileText = canonicalJson(encodeProfile(profile));
    expect(decodeProfile(JSON.parse(profileText) as ReturnType<typeof encodeProfile>)).toEqual(profile);
  });

  it('of another format is refused with UNREADABLE_PROFILE', () => {
    const old = { ...encodeReference(reference), format: 0 };
    expect(() => decodeReference(old)).toThrow(expect.objectContaining({ code: 'UNREADABLE_PROFILE' }));
  });

  it('is the same for the same rows in another order', () => {
    const random = randomOf(8);
    const rows = [...normals(3_000, random)];
    const forward = encodeReference(freezeReference(frameOf({ x: rows })));
    const backward = encodeReference(freezeReference(frameOf({ x: rows.toReversed() })));
    expect(JSON.stringify(withoutProfileSums(backward))).toBe(JSON.stringify(withoutProfileSums(forward)));
  });

  it('lists at most 10,000 categories and counts the others together', () => {
    const ids = Array.from({ length: 10_500 }, (_, i) => `id${i}`);
    const [column] = freezeReference(frameOf({ c: [...ids, 'id7'] })).columns;
    if (column?.kind !== 'category') throw new Error('not a category');
    expect(column.values).toHaveLength(10_000);
    expect(column.values[0]).toBe('id7');
    expect(column.other).toBe(500);
  });
});

const withoutProfileSums = ({ columns, ...rest }: ReturnType<typeof encodeReference>): object => ({
  ...rest,
  columns: columns.map((column) =>
    column.kind === 'numeric' ? { ...column, profile: withoutSums(column.profile) } : column,
  ),
});
