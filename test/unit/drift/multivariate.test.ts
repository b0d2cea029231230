import { describe, expect, it } from 'vitest';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import {
  domainClassifier,
  multivariateChange,
  multivariateInWords,
  togetherThreshold,
} from '../../../domain/drift/multivariate/domain-classifier.ts';
import { sampleEntities, type SideRows } from '../../../domain/drift/multivariate/pooled-rows.ts';
import { type DriftVerdict, judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { Random } from '../../../domain/random.ts';
import { frameOf, repeated, type Values } from './frame-of.ts';

/** Eight columns, two of them correlated; each of the same distribution whatever the correlation. */
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
  it('show a correlation that flips, which no single column shows', () => {
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
    expect(verdict.reason).toContain('no column drifted');
    expect(verdict.reason).toMatch(/all columns together drifted: AUC 0\.\d+ .* most by/);
  });

  it('show a slow degradation no single column shows', () => {
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

  it('do not cry wolf on windows that did not change, of any size', () => {
    const reference = sideOf(columnsOf(1_000, 0.7, 4));
    const alarms = [60, 60, 150, 150, 400, 400, 800, 800].filter((rows, at) => {
      const { auc } = domainClassifier(reference, sideOf(columnsOf(rows, 0.7, 50 + at)), { seed: 1 });
      return auc !== null && auc.low > 0.55;
    });
    expect(alarms).toEqual([]);
  });

  describe('stay alike if values are only written another way', () => {
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
      ['with the rounding of a sum', (value) => value + 0.1 + 0.2 - 0.3],
      ['with that of a product', (value) => (value * 1.1) / 1.1],
      ['with a ten-millionth more', (value) => value * (1 + 1e-7)],
      ['to four decimals, cut off', (value) => Math.floor(value * 1e4) / 1e4],
      ['with instants in whole seconds', (value) => (value > 1e9 ? Math.floor(value / 1e3) * 1e3 : value)],
      ['as whole numbers where they are far from 0', (value) => (value > 50 ? Math.round(value) : value)],
    ])('%s', (_, write) => {
      const verdict = judge(
        written(1, (value) => value),
        written(2, write),
      );
      expect(verdict).toMatchObject({ driftedColumns: [], status: 'stable' });
      expect(verdict.multivariate?.auc?.value).toBeLessThan(0.53);
    });
  });

  describe('are read in proportion', () => {
    /** 23 columns, of which each moved by a little and the first by enough to drift. */
    const many = (seed: number, by: number, first: number): Record<string, Values> => {
      const random = new Random(seed, 23, 0);
      return Object.fromEntries(
        Array.from({ length: 23 }, (_, column) => [
          `c${column}`,
          Float64Array.from({ length: 2_500 }, () => random.normal() + (column === 0 ? first : by)),
        ]),
      );
    };

    it('so that many moves that are immaterial are not drift of all columns together', () => {
      const verdict = judge(many(1, 0, 0), many(2, 0.04, 0.35));
      const { auc } = verdict.multivariate!;
      expect(auc?.low).toBeGreaterThan(0.57);
      expect(verdict).toMatchObject({ driftedColumns: ['c0'], drifted: false, status: 'stable' });
      expect(verdict.others[0]).toMatchObject({ kind: 'multivariate', status: 'stable' });
      const said = multivariateInWords(verdict.multivariate!, verdict);
      expect(said).toMatch(/its lower end 0\.\d+ below the 0\.633 that is material for 23 columns; /);
      expect(said).toMatch(/most by c0 \(drifted by itself; 0\.\d+ of the AUC\)/);
    });

    it('so that a correlation that flips is found among as many columns', () => {
      const flipped = (correlation: number, seed: number): Record<string, Values> => {
        const { c0, c1, ...rest } = many(seed, 0, 0) as Record<string, Float64Array>;
        const other = Math.sqrt(1 - correlation ** 2);
        return { c0: c0!, c1: c1!.map((value, row) => correlation * c0![row]! + other * value), ...rest };
      };
      const verdict = judge(flipped(0.7, 3), flipped(-0.7, 4));
      expect(verdict).toMatchObject({ driftedColumns: [], drifted: true });
      expect(verdict.reason).toMatch(
        /all columns together drifted: .* not below the 0\.633 that is material/,
      );
    });

    it('with what became of the scores of the model', () => {
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
      expect(multivariateInWords(found, { columns: [], others: [prediction] })).toMatch(
        /; the model's scores are stable \(moved by 0\.030 standard deviations, below 0\.100\)$/,
      );
    });

    it.each([
      [0.54996, 'stable', '0.54996 below the 0.55000'],
      [0.55004, 'drifted', '0.55004 not below the 0.55000'],
    ] as const)('with the digits that tell %d from its bound', (low, status, words) => {
      const found = domainClassifier(sideOf(columnsOf(200, 0.7, 1)), sideOf(columnsOf(200, -0.7, 2)), {
        seed: 1,
      });
      const classified = { ...found, auc: { value: 0.58, low, high: 0.61 } };
      const signal = { ...multivariateChange(classified, 0.05), adjustedP: null, status };
      const said = multivariateInWords(classified, { columns: [], others: [signal] });
      expect(said).toContain(`AUC 0.58000 (${low} to 0.61000) of telling window from reference`);
      expect(said).toContain(`its lower end ${words} that is material`);
    });

    it.each([
      [1, 0.05],
      [3, 0.05],
      [8, 0.0793],
      [23, 0.1327],
      [500, 0.15],
    ])('the bound of %d columns', (columns, bound) => {
      expect(togetherThreshold(columns)).toBeCloseTo(bound, 4);
    });
  });

  it('give the same answer again, and the same entities on both sides are no drift', () => {
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
    ['constants', { x: repeated([7, 90]) }, { x: repeated([7, 90]) }, /no column holds two values/],
    ['columns that vanished', { x: repeated([7, 50], [8, 50]) }, { y: repeated([7, 90]) }, /no column holds/],
  ])('are not measurable, with a reason, for %s', (_, reference, window, reason) => {
    const found = domainClassifier(sideOf(reference), sideOf(window), { seed: 1 });
    expect(found.auc).toBeNull();
    expect(found.reason).toMatch(reason);
  });

  it('bear infinities, ±1e308, all missing and a changed type', () => {
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

  it('are looked at by entity, the same ones on both sides', () => {
    const keys = Array.from({ length: 20_000 }, (_, row) => `["u_${row >> 1}"]`);
    const chosen = sampleEntities(keys, { rows: 2_000, seed: 1 });
    expect(chosen.length).toBeGreaterThan(1_700);
    expect(chosen.length).toBeLessThan(2_300);
    for (let at = 0; at < chosen.length; at += 2) expect((chosen[at] ?? 0) + 1).toBe(chosen[at + 1]);
    expect(sampleEntities(keys, { rows: 2_000, seed: 2 })).not.toEqual(chosen);
    expect(sampleEntities(keys.slice(0, 50), { rows: 2_000, seed: 1 })).toHaveLength(50);
  });
});
