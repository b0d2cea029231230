// Seeded random numbers.
import { describe, expect, it } from 'vitest';
import { Random } from '../../domain/random.ts';

const many = <T>(draw: () => T): T[] => Array.from({ length: 20_000 }, draw);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
};

describe('a stream of random numbers', () => {
  it('is the same for the same seed', () => {
    const [one, other] = [new Random(1, 2, 3), new Random(1, 2, 3)];
    expect(many(() => one.uniform())).toEqual(many(() => other.uniform()));
  });

  it.each([
    [2, 2, 3],
    [1, 3, 3],
    [1, 2, 4],
  ])('has no numbers in common with the stream of the seed %d, %d, %d', (a, b, c) => {
    const [one, other] = [new Random(1, 2, 3), new Random(a, b, c)];
    const seen = new Set(many(() => one.uniform()));
    expect(many(() => other.uniform()).filter((value) => seen.has(value)).length).toBeLessThan(5);
  });

  it('is uniform over [0, 1)', () => {
    const random = new Random(1, 2, 3);
    const tenths = new Array<number>(10).fill(0);
    for (const value of many(() => random.uniform())) tenths[Math.floor(10 * value)]! += 1;
    // 99.9 % point of chi-square with 9 degrees of freedom.
    expect(tenths.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0)).toBeLessThan(27.9);
  });

  it('has a uniform first number over consecutive seeds, so that neighbouring users differ', () => {
    const firsts = Array.from({ length: 20_000 }, (_, user) => new Random(7, user, 0).uniform());
    expect(mean(firsts)).toBeCloseTo(0.5, 1.8);
    expect(variance(firsts)).toBeCloseTo(1 / 12, 2);
    const products = firsts.slice(1).map((value, i) => (value - 0.5) * (firsts[i]! - 0.5));
    expect(Math.abs(mean(products))).toBeLessThan(4 / 12 / Math.sqrt(20_000));
  });

  it('draws normal numbers with mean 0 and standard deviation 1', () => {
    const random = new Random(1, 2, 3);
    const normals = many(() => random.normal());
    expect(Math.abs(mean(normals))).toBeLessThan(0.03);
    expect(variance(normals)).toBeCloseTo(1, 1);
    expect(normals.filter((value) => Math.abs(value) > 1.96).length / normals.length).toBeCloseTo(0.05, 2);
  });

  it.each([0.05, 2.3, 12])('draws Poisson counts with mean and variance %d', (expected) => {
    const random = new Random(1, 2, 3);
    const counts = many(() => random.poisson(expected));
    expect(mean(counts) / expected).toBeCloseTo(1, 1);
    expect(variance(counts) / expected).toBeCloseTo(1, 1);
  });

  it('chooses values with probabilities equal to their weights', () => {
    const random = new Random(1, 2, 3);
    const chosen = many(() => random.choose(['a', 0.7], ['b', 0.3], ['never', 0]));
    expect(chosen.filter((value) => value === 'a').length / chosen.length).toBeCloseTo(0.7, 1);
    expect(new Set(chosen)).toEqual(new Set(['a', 'b']));
  });
});
