import { describe, expect, it } from 'vitest';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import {
  domainClassifier,
  multivariateChange,
  describeMultivariate,
  togetherThreshold,
} from '../../../domain/drift/multivariate/domain-classifier.ts';
import { sampleEntities, type SideRows } from '../../../domain/drift/multivariate/pooled-rows.ts';
import { type DriftVerdict, judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { Random } from '../../../domain/random.ts';
import { frameOf, repeated, type Values } from './frame-of.ts';

/** Eight columns, two of them correlated; the correlation does not change the distribution of any single column. */
function columnsOf(rows: number, correlation: number, seed: number): Record<string, Values> {
  const random = new Random(seed, rows, 0);
  const draw = (): Float64Array => Float64Array.from({ length: rows }, () => random.normal());
  const [watched, skipped] = [draw(), draw()];
  const rest = Math.sqrt(1 - correlation ** 2);
  return {
    watched,
    skipped: skipped.map((value, row) => correlation * (watched[row] as number) + rest * value),
    fee: draw().map(Math.exp),
    months: draw().map((value) => Math.round(10 * Math.abs(value))),
    age: draw().map((value) => (random.chance(0.1) ? NaN : value)),
    plan: Array.from({ length: rows }, () => random.choose(['basic', 0.6], ['plus', 0.3], ['max', 0.1])),
    region: Array.from({ length: rows }, () => (random.chance(0.05) ? null : `r${random.below(6)}`)),
    paperless: Array.from({ length: rows }, () => (random.chance(0.4) ? 'true' : 'false')),
  };
}

const sideOf = (columns: Record<string, Values>, entities?: readonly string[]): SideRows => {
  const { rows, features } = frameOf(columns);
  return { rows, features, ...(entities && { entities }) };
};

function judge(reference: Record<string, Values>, window: Record<string, Values>): DriftVerdict {
  const frozen = freezeReference(frameOf(reference));
  const found = domainClassifier(sideOf(reference), sideOf(window), { seed: 1 });
  const verdict = judgeWindow(frozen, profileWindow(frozen, frameOf(window)), { share: 0.3 }, [], found);
  expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  return verdict;
}

describe('all columns together', () => {
  it('reveal a correlation that flips, which no single column reveals', () => {
    const verdict = judge(columnsOf(1_500, 0.7, 1), columnsOf(1_500, -0.7, 2));
    expect(verdict.driftedColumns).toEqual([]);
    expect(verdict).toMatchObject({ status: 'drifted', drifted: true, share: 0 });
    expect(verdict.multivariate?.auc?.low).toBeGreaterThan(0.65);
    expect(
      verdict.multivariate?.columns
        .slice(0, 2)
        .map(({ column }) => column)
        .sort(),
    ).toEqual(['skipped', 'watched']);
    expect(verdict.others).toMatchObject([
      {
        kind: 'multivariate',
        statistic: 'domain_classifier',
        status: 'drifted',
        threshold: togetherThreshold(8),
        pValue: null,
      },
    ]);
    expect(verdict.reason).toContain('none of 8 columns drifted');
    expect(verdict.reason).toMatch(/all columns together drifted: AUC 0\.\d+ .* main columns: /);
  });

  it('reveal a slow degradation that no single column reveals', () => {
    const reference = columnsOf(1_500, 0.8, 3);
    const verdicts = [0.8, 0.5, 0.2, -0.1, -0.4].map((correlation, month) =>
      judge(reference, columnsOf(1_200, correlation, 10 + month)),
    );
    expect(verdicts.flatMap(({ driftedColumns }) => driftedColumns)).toEqual([]);
    expect(verdicts[0]?.drifted).toBe(false);
    expect(verdicts.at(-1)?.drifted).toBe(true);
    const aucs = verdicts.map(({ multivariate }) => multivariate?.auc?.value ?? 0);
    expect(aucs.slice(1)).toEqual([...aucs.slice(1)].sort((a, b) => a - b));
  });

  it('raise no false alarms on unchanged windows of any size', () => {
    const reference = sideOf(columnsOf(1_000, 0.7, 4));
    const alarms = [60, 60, 150, 150, 400, 400, 800, 800].filter((rows, at) => {
      const { auc } = domainClassifier(reference, sideOf(columnsOf(rows, 0.7, 50 + at)), { seed: 1 });
      return auc !== null && auc.low > 0.55;
    });
    expect(alarms).toEqual([]);
  });

  describe('are stable if values are only written differently', () => {
    const written = (seed: number, write: (value: number) => number): Record<string, Values> => {
      const random = new Random(seed, 2_000, 3);
      const of = (next: () => number): Float64Array =>
        Float64Array.from({ length: 2_000 }, () => write(next()));
      const one = (...values: number[]): Float64Array => of(() => values[random.below(values.length)]!);
      return {
        fee: one(9.99, 19.99, 29.99),
        plan: one(4.49, 7.99, 14.95, 29.9),
        rate: one(0.1, 0.2, 0.3),
        amount: of(() => Math.round(100 * (100 + 20 * random.normal())) / 100),
        share: of(() => random.uniform()),
        same: one(9.99),
        day: of(() => 1.7e12 + 86_400_000 * random.below(30) + 123),
      };
    };

    it.each<[string, (value: number) => number]>([
      ['in single precision', Math.fround],
      ['with the rounding error of a sum', (value) => value + 0.1 + 0.2 - 0.3],
      ['with the rounding error of a product', (value) => (value * 1.1) / 1.1],
      ['a ten-millionth larger', (value) => value * (1 + 1e-7)],
      ['truncated to four decimals', (value) => Math.floor(value * 1e4) / 1e4],
      ['with instants in whole seconds', (value) => (value > 1e9 ? Math.floor(value / 1e3) * 1e3 : value)],
      [
        'rounded to whole numbers if they are far from 0',
        (value) => (value > 50 ? Math.round(value) : value),
      ],
    ])('%s', (_, write) => {
      const verdict = judge(
        written(1, (value) => value),
        written(2, write),
      );
      expect(verdict).toMatchObject({ driftedColumns: [], status: 'stable' });
      expect(verdict.multivariate?.auc?.value).toBeLessThan(0.53);
    });
  });

  describe('are evaluated in proportion to the number of columns', () => {
    /** 23 columns: the first is shifted by `first`, each of the others by `by`. */
    const many = (seed: number, by: number, first: number): Record<string, Values> => {
      const random = new Random(seed, 23, 0);
      return Object.fromEntries(
        Array.from({ length: 23 }, (_, column) => [
          `c${column}`,
          Float64Array.from({ length: 2_500 }, () => random.normal() + (column === 0 ? first : by)),
        ]),
      );
    };

    it('so that many small changes do not add up to drift', () => {
      const verdict = judge(many(1, 0, 0), many(2, 0.04, 0.35));
      const { auc } = verdict.multivariate!;
      expect(auc?.low).toBeGreaterThan(0.57);
      expect(verdict).toMatchObject({ driftedColumns: ['c0'], drifted: false, status: 'stable' });
      expect(verdict.others[0]).toMatchObject({ kind: 'multivariate', status: 'stable' });
      const text = describeMultivariate(verdict.multivariate!, verdict);
      expect(text).toMatch(/; the lower bound 0\.\d+ is below 0\.633, the threshold for 23 columns; /);
      expect(text).toMatch(/main columns?: c0 \(drifted on its own; 0\.\d+ of the AUC\)/);
    });

    it('so that a correlation that flips is still found among 23 columns', () => {
      const flipped = (correlation: number, seed: number): Record<string, Values> => {
        const { c0, c1, ...rest } = many(seed, 0, 0) as Record<string, Float64Array>;
        const other = Math.sqrt(1 - correlation ** 2);
        return { c0: c0!, c1: c1!.map((value, row) => correlation * c0![row]! + other * value), ...rest };
      };
      const verdict = judge(flipped(0.7, 3), flipped(-0.7, 4));
      expect(verdict).toMatchObject({ driftedColumns: [], drifted: true });
      expect(verdict.reason).toMatch(
        /all columns together drifted: .* is not below 0\.633, the threshold for 23 columns/,
      );
    });

    it("and described together with the change of the model's scores", () => {
      const found = domainClassifier(sideOf(columnsOf(200, 0.7, 1)), sideOf(columnsOf(200, -0.7, 2)), {
        seed: 1,
      });
      const prediction = {
        ...multivariateChange(found),
        kind: 'prediction',
        effectSize: 0.03,
        threshold: 0.1,
        adjustedP: 0.4,
        status: 'stable',
      } as const;
      expect(describeMultivariate(found, { columns: [], others: [prediction] })).toMatch(
        /; the model's scores are stable \(moved by 0\.030 standard deviations, below 0\.100\)$/,
      );
    });

    it.each([
      [0.54996, 'stable', '0.54996 is below 0.55000'],
      [0.55004, 'drifted', '0.55004 is not below 0.55000'],
    ] as const)('and described with enough digits to tell %d from its bound', (low, status, bound) => {
      const found = domainClassifier(sideOf(columnsOf(200, 0.7, 1)), sideOf(columnsOf(200, -0.7, 2)), {
        seed: 1,
      });
      const classified = { ...found, auc: { value: 0.58, low, high: 0.61 } };
      const signal = { ...multivariateChange(classified, 0.05), adjustedP: null, status };
      const text = describeMultivariate(classified, { columns: [], others: [signal] });
      expect(text).toContain(`AUC 0.58000 (${low} to 0.61000) for distinguishing window from reference`);
      expect(text).toContain(`the lower bound ${bound}, the threshold`);
    });

    it.each([
      [1, 0.05],
      [3, 0.05],
      [8, 0.0793],
      [23, 0.1327],
      [500, 0.15],
    ])('with this threshold for %d columns', (columns, bound) => {
      expect(togetherThreshold(columns)).toBeCloseTo(bound, 4);
    });
  });

  it('give the same result again, and no drift if both sides have the same rows', () => {
    const columns = columnsOf(600, 0.5, 5);
    const keys = Array.from({ length: 600 }, (_, row) => `u${row}`);
    const once = domainClassifier(sideOf(columns, keys), sideOf(columns, keys), { seed: 3 });
    expect(domainClassifier(sideOf(columns, keys), sideOf(columns, keys), { seed: 3 })).toEqual(once);
    // Each entity's two rows have the same score.
    expect(once.auc).toMatchObject({ value: 0.5 });
  });

  it.each<[string, Record<string, Values>, Record<string, Values>, RegExp]>([
    ['an empty window', columnsOf(90, 0, 1), { watched: new Float64Array() }, /^0 entities in the window/],
    ['one row', { x: [1] }, { x: [1] }, /^1 entities in the reference, 50 are needed/],
    ['constants', { x: repeated([7, 90]) }, { x: repeated([7, 90]) }, /no column has two values/],
    ['columns that vanished', { x: repeated([7, 50], [8, 50]) }, { y: repeated([7, 90]) }, /no column has/],
  ])('are not measurable, with a reason, for %s', (_, reference, window, reason) => {
    const found = domainClassifier(sideOf(reference), sideOf(window), { seed: 1 });
    expect(found.auc).toBeNull();
    expect(found.reason).toMatch(reason);
  });

  it('can be measured with infinities, ±1e308, an empty column and a changed type', () => {
    const wild = {
      a: repeated([1e308, 40], [-1e308, 40], [Infinity, 20]),
      b: repeated([NaN, 100]),
      c: repeated(['x', 100]),
    };
    const other = { a: repeated([-Infinity, 60], [0, 40]), b: repeated([1, 100]), c: repeated([2, 100]) };
    const found = domainClassifier(sideOf(wild), sideOf(other), { seed: 1 });
    expect(found.leftOut).toEqual(['c']);
    expect(found.auc?.low).toBeGreaterThan(0.9);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  it('are sampled by entity, the same entities for the same seed', () => {
    const keys = Array.from({ length: 20_000 }, (_, row) => `["u_${row >> 1}"]`);
    const chosen = sampleEntities(keys, { rows: 2_000, seed: 1 });
    expect(chosen.length).toBeGreaterThan(1_700);
    expect(chosen.length).toBeLessThan(2_300);
    for (let at = 0; at < chosen.length; at += 2) expect((chosen[at] ?? 0) + 1).toBe(chosen[at + 1]);
    expect(sampleEntities(keys, { rows: 2_000, seed: 2 })).not.toEqual(chosen);
    expect(sampleEntities(keys.slice(0, 50), { rows: 2_000, seed: 1 })).toHaveLength(50);
  });
});
