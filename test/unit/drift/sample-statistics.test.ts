import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wassersteinEvidentlyDistance } from '../../../domain/drift/statistics/wasserstein-evidently.ts';
import { adjustPValues } from '../../../domain/drift/statistics/family.ts';
import { chiSquareTest } from '../../../domain/drift/statistics/chi-square.ts';
import {
  constantSides,
  departureFromConstant,
  missingShareChange,
  newCategoryExcess,
} from '../../../domain/drift/statistics/share-change.ts';
import {
  jensenShannonDistance,
  jensenShannonNoiseFloor,
} from '../../../domain/drift/statistics/jensen-shannon.ts';
import { ksTest } from '../../../domain/drift/statistics/ks.ts';
import { psiBand, psiNoiseFloor, psiOfCounts, psiOfSamples } from '../../../domain/drift/statistics/psi.ts';
import { decileEnds } from '../../../domain/data/profile/numeric-reference.ts';
import { statistics } from '../../../domain/drift/statistics.ts';
import { STATISTIC_NAMES } from '../../../domain/drift/statistics/statistic.ts';
import { twoProportionZ } from '../../../domain/drift/statistics/two-proportion-z.ts';
import { normedWasserstein, wassersteinDistance } from '../../../domain/drift/statistics/wasserstein.ts';
import { standardDeviation } from '../../../domain/data/math/moments.ts';
import { lattice, normals, randomOf } from './frame-of.ts';

const numbers = (...values: number[]): Float64Array => Float64Array.from(values);
const reference = lattice(500, 0, 10);
const current = lattice(400, 1, 11);

describe('the Kolmogorov-Smirnov test', () => {
  it('matches known values', () => {
    const first = ksTest(numbers(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), numbers(2.5, 3.5, 6.5, 7.5, 11, 12, 13, 14));
    expect(first?.d).toBe(0.5);
    expect(first?.pValue).toBeCloseTo(0.1659582247817542, 12);
    const ties = ksTest(numbers(1, 1, 2, 2, 3, 3, 4, 4), numbers(1, 2, 2, 2, 3, 4, 4, 5, 5));
    expect(ties?.d).toBeCloseTo(2 / 9, 12);
    expect(ties?.pValue).toBeCloseTo(0.9379679144385027, 12);
    const shifted = ksTest(reference, current);
    expect(shifted?.d).toBeCloseTo(0.1015, 12);
    expect(shifted?.pValue).toBeCloseTo(0.019160800843067132, 12);
  });

  it('ignores missing values, and is null if no values remain', () => {
    expect(ksTest(numbers(NaN, 1, 2), numbers(2, NaN, 1))).toEqual({ d: 0, pValue: 1 });
    expect(ksTest(numbers(NaN), numbers(1))).toBeNull();
  });

  it('is symmetric and does not change under an increasing transformation', () => {
    const sample = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const test = ksTest(numbers(...a), numbers(...b));
        expect(ksTest(numbers(...b), numbers(...a))).toEqual(test);
        const mapped = (values: number[]): Float64Array =>
          numbers(...values.map((value) => Math.exp(value / 9)));
        expect(ksTest(mapped(a), mapped(b))).toEqual(test);
      }),
    );
  });
});

describe('the population stability index', () => {
  it('measures a shift of one standard deviation in 5,000 rows alike with and without an outlier', () => {
    const random = randomOf(11);
    const [a, b] = [normals(5_000, random), normals(5_000, random, 1)];
    const plain = psiOfSamples(a, b) ?? 0;
    expect(plain).toBeGreaterThan(0.85);
    expect(plain).toBeLessThan(1.1);
    b[0] = 1e6;
    expect(psiOfSamples(a, b)).toBeCloseTo(plain, 2);
  });

  it('does not change under an increasing transformation, and is symmetric in its counts', () => {
    const sample = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const mapped = (values: number[]): Float64Array => numbers(...values.map((value) => value ** 3 - 7));
        expect(psiOfSamples(mapped(a), mapped(b))).toBe(psiOfSamples(numbers(...a), numbers(...b)));
        expect(psiOfCounts([3, 9, 0], [5, 1, 2])).toBeCloseTo(psiOfCounts([5, 1, 2], [3, 9, 0]), 12);
      }),
    );
  });

  it('uses ten bins for distinct values and fewer for tied ones, and is not measurable for a single value', () => {
    expect(decileEnds(numbers(...Array.from({ length: 100 }, (_, i) => i)))).toHaveLength(9);
    expect([...decileEnds(numbers(0, 0, 0, 0, 0, 0, 0, 1, 1, 1))]).toEqual([0]);
    expect(psiOfSamples(numbers(7, 7), numbers(8))).toBeNull();
  });

  it('has bands and a noise floor', () => {
    expect([0.05, 0.1, 0.25, 0.26].map(psiBand)).toEqual(['stable', 'watch', 'watch', 'act']);
    expect(psiNoiseFloor(5_000, 30, 10)).toBeCloseTo((1 / 5_000 + 1 / 30) * 16.918977604620448, 9);
  });

  it('exceeds its noise floor in about one window of twenty that did not drift', () => {
    const random = randomOf(5);
    const frozen = normals(2_000, random);
    const floor = psiNoiseFloor(2_000, 200, 10);
    let above = 0;
    for (let window = 0; window < 400; window++) {
      if ((psiOfSamples(frozen, normals(200, random)) ?? 0) > floor) above++;
    }
    expect(above).toBeGreaterThan(4);
    expect(above).toBeLessThan(40);
  });
});

describe('the Wasserstein distance', () => {
  it("matches a known value of Evidently's normed distance on samples", () => {
    const distance = wassersteinDistance(reference, current) ?? 0;
    expect(distance / standardDeviation(reference)).toBeCloseTo(0.34554482720033647, 12);
  });

  it.each([1e15, -4e15, 2 ** 52])('keeps its precision if all values lie near %d', (offset) => {
    const random = randomOf(9);
    const whole = (mean: number): Float64Array =>
      normals(2_000, random, mean).map((value) => Math.round(10 * value));
    const [a, b] = [whole(0), whole(0.3)];
    const far = (values: Float64Array): Float64Array => values.map((value) => value + offset);
    expect(standardDeviation(far(a))).toBeCloseTo(standardDeviation(a), 12);
    const near = wassersteinEvidentlyDistance(a, b) ?? NaN;
    expect(wassersteinEvidentlyDistance(far(a), far(b))).toBeCloseTo(near, 12);
    // The clipping quantiles are rounded to the few doubles that exist so far from 0.
    expect(normedWasserstein(far(a), far(b))).toBeCloseTo(normedWasserstein(a, b) ?? NaN, 4);
  });

  it('is neither hidden by an outlier in the reference nor raised by one in the window', () => {
    const random = randomOf(3);
    const [a, same, shifted] = [normals(1_000, random), normals(1_000, random), normals(1_000, random, 1)];
    a[0] = 1e6;
    same[0] = 1e6;
    expect(normedWasserstein(a, shifted)).toBeGreaterThan(0.9);
    expect(normedWasserstein(a, same)).toBeLessThan(0.1);
  });

  it('does not clip away the rare values of a column that mostly has one value', () => {
    const mostlyZero = numbers(...Array.from({ length: 1_000 }, (_, i) => (i < 3 ? 1 : 0)));
    const half = numbers(...Array.from({ length: 100 }, (_, i) => i % 2));
    expect(normedWasserstein(mostlyZero, half)).toBeGreaterThan(1);
    expect(normedWasserstein(mostlyZero, mostlyZero)).toBe(0);
  });

  it('is finite for infinities and ±1e308, and null for a constant reference', () => {
    const huge = numbers(1e308, -1e308, 5e307, 0);
    expect(normedWasserstein(huge, huge)).toBe(0);
    expect(normedWasserstein(huge, numbers(1e308, 1e308))).toBeGreaterThan(0.1);
    expect(normedWasserstein(numbers(1, 2, 3), numbers(Infinity, -Infinity))).toBeLessThan(3);
    expect(normedWasserstein(numbers(4, 4), numbers(1, 2))).toBeNull();
    expect(normedWasserstein(numbers(1, 2), numbers())).toBeNull();
  });

  it('depends on neither the unit nor the origin of the column', () => {
    const moved = (values: Float64Array): Float64Array => values.map((value) => value * 60 - 1e4);
    expect(normedWasserstein(moved(reference), moved(current))).toBeCloseTo(
      normedWasserstein(reference, current) ?? NaN,
      9,
    );
  });
});

describe('the Jensen-Shannon distance', () => {
  it('matches known values', () => {
    expect(jensenShannonDistance([50, 30, 20, 0], [40, 30, 25, 5])).toBeCloseTo(0.1466422933, 9);
    const edges = Array.from({ length: 12 }, (_, i) => (i * 10.975) / 11);
    const counts = (values: Float64Array): number[] =>
      edges
        .slice(1)
        .map((end, bin) => values.filter((x) => x >= (edges[bin] ?? 0) && (x < end || bin === 10)).length);
    expect(jensenShannonDistance(counts(reference), counts(current))).toBeCloseTo(0.255129298258666, 12);
  });

  it('is symmetric, 0 for equal shares and √ln 2 for disjoint ones', () => {
    expect(jensenShannonDistance([1, 2], [3, 1])).toBeCloseTo(jensenShannonDistance([3, 1], [1, 2]), 15);
    expect(jensenShannonDistance([10, 20], [1, 2])).toBe(0);
    expect(jensenShannonDistance([5, 0], [0, 9])).toBeCloseTo(Math.sqrt(Math.LN2), 12);
    expect(jensenShannonNoiseFloor(1, 1, 50)).toBe(Math.sqrt(Math.LN2));
  });
});

describe('the chi-square test', () => {
  it('agrees with the z test on two categories', () => {
    const test = chiSquareTest([60, 40], [45, 55]);
    const { z, pValue } = twoProportionZ({ hits: 60, size: 100 }, { hits: 45, size: 100 });
    expect(test?.value).toBeCloseTo(z * z, 12);
    expect(test?.pValue).toBeCloseTo(pValue, 12);
    expect(pValue).toBeCloseTo(0.0336720689, 9);
  });

  it('does not give p = 0 for one new rare value', () => {
    expect(chiSquareTest([500, 500, 0], [500, 499, 1])?.pValue).toBeGreaterThan(0.3);
    expect(chiSquareTest([500, 500, 0], [300, 300, 400])?.pValue).toBeLessThan(1e-90);
  });

  it('pools rare categories, uses the exact p-value for two with a rare one, and is null if all are rare', () => {
    expect(chiSquareTest([500, 300, 2, 1, 3], [400, 400, 2, 2, 2])?.dof).toBe(2);
    expect(chiSquareTest([8, 2], [4, 6])?.pValue).toBeCloseTo(0.16980233388902, 12);
    expect(chiSquareTest(new Array<number>(90).fill(1), new Array<number>(90).fill(1))).toBeNull();
    expect(chiSquareTest([5, 0], [7, 0])).toBeNull();
    expect(chiSquareTest([0, 0], [7, 1])).toBeNull();
  });
});

describe('statistics of shares', () => {
  it('give p = 1 if both shares are 0 or both are 1', () => {
    expect(twoProportionZ({ hits: 0, size: 9 }, { hits: 0, size: 5 })).toEqual({ z: 0, pValue: 1 });
    expect(twoProportionZ({ hits: 9, size: 9 }, { hits: 5, size: 5 })).toEqual({ z: 0, pValue: 1 });
  });

  it('use an exact test if few values are missing, and the z test if many are', () => {
    expect(missingShareChange({ hits: 0, size: 5_000 }, { hits: 1, size: 30 }).pValue).toBeCloseTo(
      30 / 5_030,
      9,
    );
    const many = missingShareChange({ hits: 100, size: 1_000 }, { hits: 150, size: 1_000 });
    expect(many.difference).toBeCloseTo(0.05, 12);
    expect(many.pValue).toBeCloseTo(
      twoProportionZ({ hits: 100, size: 1_000 }, { hits: 150, size: 1_000 }).pValue,
      15,
    );
  });

  it('measure new categories by the lower bound of their share, less the expected share', () => {
    expect(newCategoryExcess({ hits: 5, size: 100 }, 0)).toBeCloseTo(0.02154, 4);
    expect(newCategoryExcess({ hits: 0, size: 100 }, 0)).toBe(0);
    expect(newCategoryExcess({ hits: 50, size: 100 }, 0.9)).toBe(0);
  });

  it('name the sides of a column that are constant', () => {
    expect([constantSides(1, 1), constantSides(1, 4), constantSides(4, 1), constantSides(4, 4)]).toEqual([
      'both',
      'reference',
      'window',
      'none',
    ]);
    expect(departureFromConstant({ hits: 30, size: 30 })).toBeGreaterThan(0.85);
  });
});

describe('the Benjamini-Hochberg adjustment', () => {
  it('matches known values', () => {
    const expected = [0.03, 0.06, 0.06, 0.03, 0.5, 0.24];
    adjustPValues([0.01, 0.04, 0.03, 0.005, 0.5, 0.2]).forEach((p, i) =>
      expect(p).toBeCloseTo(expected[i] ?? NaN, 12),
    );
    expect(adjustPValues([])).toEqual([]);
  });

  it('never lowers a p-value, never changes their order and never exceeds 1', () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(p, { minLength: 1, maxLength: 30 }), (pValues) => {
        const adjusted = adjustPValues(pValues);
        pValues.forEach((raw, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(raw);
          expect(adjusted[i]).toBeLessThanOrEqual(1);
          pValues.forEach((other, j) => {
            if (raw < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? NaN);
          });
        });
      }),
    );
  });
});

describe('the list of statistics', () => {
  it('contains each statistic once; p-values drift below their threshold, values at or above it', () => {
    const names: string[] = statistics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.toSorted()).toEqual([...STATISTIC_NAMES].sort());
    for (const { compares, driftWhen } of statistics)
      expect(driftWhen === 'below').toBe(compares === 'p-value');
  });
});
