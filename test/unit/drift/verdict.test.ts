import { describe, expect, it } from 'vitest';
import { newCategories } from '../../../domain/drift/category-distribution.ts';
import type { DriftPolicy } from '../../../domain/drift/drift-policy.ts';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { measured } from '../../../domain/drift/statistics/hypothesis.ts';
import { judgeWindow, type ColumnVerdict, type DriftVerdict } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { frameOf, normals, randomOf, repeated, type Values } from './frame-of.ts';

type Columns = Readonly<Record<string, Values>>;

function judge(reference: Columns, window: Columns, policy: DriftPolicy = { share: 0.5 }): DriftVerdict {
  const frozen = freezeReference(frameOf(reference));
  const verdict = judgeWindow(frozen, profileWindow(frozen, frameOf(window)), policy);
  // JSON turns NaN and infinities into null, so this fails if there are any.
  expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  return verdict;
}

function judgeOne(reference: Values, window: Values, policy?: DriftPolicy): ColumnVerdict {
  const [column] = judge({ x: reference }, { x: window }, policy).columns;
  if (column === undefined) throw new Error('no column was judged');
  return column;
}

const signal = (column: ColumnVerdict, kind: string) => column.signals.find((one) => one.kind === kind);
const random = randomOf(21);
const base = normals(5_000, random);

describe('a column is drifted', () => {
  it('if the difference is significant and large enough, and describes how it moved', () => {
    const up = judgeOne(base, normals(300, random, 0.5));
    expect(up.status).toBe('drifted');
    expect(up.words).toMatch(/^drifted: mean /);
    const found = signal(up, 'distribution');
    expect(found).toMatchObject({ statistic: 'ks', effect: 'wasserstein', direction: 'up', threshold: 0.1 });
    expect(found).toMatchObject({ referenceSize: 5_000, windowSize: 300 });
    expect(found?.adjustedP).toBeGreaterThanOrEqual(found?.pValue ?? NaN);
    expect(found?.effectSize).toBeGreaterThan(found?.noiseFloor ?? NaN);
    expect(up.psi?.band).not.toBe('stable');
    expect(signal(judgeOne(base, normals(300, random, -0.5)), 'distribution')?.direction).toBe('down');
  });

  it('and shows the unclipped means, including the outliers of both sides', () => {
    const side = (low: number, high: number) =>
      Array.from({ length: 1_001 }, (_, at) => low + ((high - low) * at) / 1_000);
    const fell = judgeOne(side(1.1, 1.4), side(-4, 1.1));
    expect(fell.words).toMatch(/^drifted: mean 1\.25 → -1\.45, distance/);
    expect(fell.clippedMean?.window).toBeCloseTo(1.1, 2);
    expect(fell.sd?.window).toBeCloseTo(5.1 / Math.sqrt(12), 2);

    const fee = side(5, 9).concat(40);
    const cents = judgeOne(fee, [...side(5, 9), ...side(1_500_000, 1_500_100)]);
    expect(cents.words).toMatch(/^drifted: mean 7\.03 → 750029, distance/);
  });

  it('and shows the clipped means too if they moved in the opposite direction', () => {
    // Most values rise; a few fall so far that the mean falls.
    const risen = normals(2_000, random, 1).map((value, row) => (row % 100 === 0 ? -900 : value));
    const { words, mean, clippedMean } = judgeOne(base, risen);
    expect(mean!.window!).toBeLessThan(-7);
    expect(clippedMean!.window!).toBeGreaterThan(0.9);
    expect(words).toMatch(
      /^drifted: mean -?0\.0\d+ → -[78]\.\d+, clipped mean -?0\.0\d+ → 0\.9\d+, distance/,
    );
  });

  it('and says that infinite values are left out of the mean', () => {
    const { words, mean } = judgeOne(base, [...normals(500, random, 2), Infinity, -Infinity]);
    expect(mean?.note).toBe('2 infinite values of the window left out');
    expect(words).toMatch(
      /^drifted: mean .* → [12]\.\d+ \(2 infinite values of the window left out\), distance/,
    );
  });

  it('and shows numbers with enough digits to tell them apart', () => {
    const large = [...base].map((value) => 9.22e18 + value * 1e13);
    const moved = judgeOne(
      large,
      large.map((value) => value + 2e13),
    );
    expect(moved.words).toMatch(/^drifted: mean (9\.2[\d]+e18) → (?!\1)9\.2[\d]+e18, distance/);
    const near = judgeOne(base, normals(400, randomOf(7), 0.17), { share: 0.5, thresholds: { x: 0.19 } });
    const [, effect, bound] = /deviations ([\d.]+), (?:below|at or above) ([\d.]+)/.exec(near.words) ?? [];
    expect(effect).not.toBe(bound);
  });

  it('not if the change is significant but too small to matter', () => {
    const column = judgeOne(normals(100_000, random), normals(100_000, random, 0.03));
    expect(signal(column, 'distribution')?.adjustedP).toBeLessThan(1e-6);
    expect(column.status).toBe('stable');
  });

  it('not if the change is large but not significant', () => {
    const column = judgeOne(base, normals(40, randomOf(2), 0.15));
    expect(signal(column, 'distribution')?.effectSize).toBeGreaterThan(0.1);
    expect(column.status).toBe('stable');
  });

  it('by the threshold of the policy, if that names one', () => {
    const window = normals(2_000, random, 0.3);
    expect(judgeOne(base, window).status).toBe('drifted');
    expect(judgeOne(base, window, { share: 0.5, thresholds: { x: 0.6 } }).status).toBe('stable');
  });

  it('if half of its values are missing, even if the rest did not change', () => {
    const column = judgeOne(
      base,
      base.map((value, row) => (row % 2 === 0 ? NaN : value)),
    );
    expect(column.status).toBe('drifted');
    expect(signal(column, 'missing')).toMatchObject({ status: 'drifted', direction: 'up' });
    expect(signal(column, 'distribution')?.status).toBe('stable');
    expect(column.missing).toEqual({ reference: 0, window: 0.5 });
  });

  it('not because of a single missing value among 31, in a report of several columns', () => {
    const [frozen, rows] = [base, base.subarray(0, 31)];
    const reference = { a: frozen, b: frozen, c: frozen, d: frozen, e: frozen };
    const window = { a: [NaN, ...rows.subarray(1)], b: rows, c: rows, d: rows, e: rows };
    const verdict = judge(reference, window);
    expect(verdict.driftedColumns).toEqual([]);
    expect(judge(reference, { ...window, a: [NaN, NaN, NaN, ...rows.subarray(3)] }).driftedColumns).toEqual([
      'a',
    ]);
  });

  it('if shares of categories changed, new ones appeared, or one vanished', () => {
    const reference = repeated(['a', 500], ['b', 300], ['c', 200]);
    expect(judgeOne(reference, repeated(['a', 300], ['b', 300], ['c', 400])).status).toBe('drifted');
    expect(judgeOne(reference, repeated(['a', 700], ['b', 300])).status).toBe('drifted');
    const column = judgeOne(reference, repeated(['a', 490], ['b', 300], ['c', 190], ['d', 20]));
    expect(signal(column, 'distribution')?.status).toBe('stable');
    expect(signal(column, 'new category')?.status).toBe('drifted');
    expect(column.status).toBe('drifted');
    expect(judgeOne(reference, repeated(['a', 500], ['b', 300], ['c', 200], ['d', 3])).status).toBe('stable');
  });

  it('if a constant column gets other values, but not while it stays constant', () => {
    const constant = new Float64Array(200).fill(29.1);
    const same = judgeOne(constant, constant);
    expect(same).toMatchObject({ status: 'stable', constant: 'both', psi: null });
    const moved = judgeOne(
      constant,
      constant.map((value) => value + 1),
    );
    expect(moved.status).toBe('drifted');
    expect(signal(moved, 'distribution')).toMatchObject({ effect: 'constant', direction: 'up' });
  });

  it('if a column that varied becomes constant', () => {
    const stuck = judgeOne(base, new Float64Array(100).fill(0));
    expect(stuck).toMatchObject({ status: 'drifted', constant: 'window' });
  });
});

describe('a column is not measurable, with a reason', () => {
  const enough = normals(50, random);
  it.each<[string, Values, Values, RegExp]>([
    ['below the minimum of rows', base, normals(29, random), /^29 values in the window, 30 are needed$/],
    [
      'with too small a reference',
      normals(12, random),
      enough,
      /^12 values in the reference, 30 are needed$/,
    ],
    ['in an empty window', base, new Float64Array(0), /^the window has no values$/],
    ['with an empty reference', new Float64Array(0), enough, /^the reference has no values$/],
    [
      'that changed its type',
      base,
      repeated(['a', 50]),
      /was numeric in the reference and is category in the window/,
    ],
    [
      'of identifiers',
      Array.from({ length: 60 }, (_, i) => `a${i}`),
      Array.from({ length: 60 }, (_, i) => `b${i}`),
      /rare/,
    ],
    ['whose reference varies only by infinities', repeated([1, 40], [Infinity, 40]), enough, /no spread/],
  ])('%s', (_, reference, window, reason) => {
    const column = judgeOne(reference, window);
    expect(column.status).toBe('not measurable');
    expect(column.reason).toMatch(reason);
    expect(column.words).toMatch(/^not measurable: /);
  });

  it('if it vanished', () => {
    const verdict = judge({ x: base, y: base }, { y: base });
    expect(verdict.columns[0]).toMatchObject({ status: 'not measurable', signals: [{ pValue: null }] });
    expect(verdict.columns[0]?.reason).toMatch(/missing from the window/);
    expect(verdict.notMeasurable).toEqual(['x']);
    expect(verdict.columns[1]?.status).toBe('stable');
  });

  it('but drifted if all of its values are missing on one side only', () => {
    const missing = new Float64Array(50).fill(NaN);
    expect(judgeOne(missing, enough)).toMatchObject({
      status: 'drifted',
      missing: { reference: 1, window: 0 },
    });
    const column = judgeOne(base, missing);
    expect(column.status).toBe('drifted');
    expect(signal(column, 'distribution')?.status).toBe('not measurable');
  });
});

describe('extreme numbers', () => {
  it('get a correct verdict', () => {
    const wide = repeated([1e308, 50], [-1e308, 50], [0, 50]);
    expect(judgeOne(wide, wide).status).toBe('stable');
    expect(judgeOne(wide, repeated([1e308, 100])).status).toBe('drifted');
    const infinite = base.map((value, row) => (row % 3 === 0 ? Infinity : value));
    expect(signal(judgeOne(base, infinite), 'distribution')).toMatchObject({
      status: 'drifted',
      direction: 'up',
    });
    expect(judgeOne(infinite, infinite).status).toBe('stable');
  });
});

describe('a window is drifted', () => {
  const moved = normals(500, random, 1);
  const still = base.subarray(0, 500);
  const reference = { a: base, b: base, c: base, d: base };
  const window = { a: moved, b: still, c: still, d: still };

  it('if the share of drifted columns reaches that of the policy, and not below it', () => {
    expect(judge(reference, window, { share: 0.25 })).toMatchObject({
      drifted: true,
      share: 0.25,
      driftedColumns: ['a'],
    });
    expect(judge(reference, window, { share: 0.26 })).toMatchObject({ drifted: false, status: 'stable' });
  });

  it('by the weights of its columns', () => {
    expect(judge(reference, window, { share: 0.5, weights: { a: 3 } })).toMatchObject({
      drifted: true,
      share: 0.5,
    });
    expect(judge(reference, window, { share: 0.1, weights: { a: 0 } })).toMatchObject({
      drifted: false,
      share: 0,
    });
    expect(judge({ a: base }, { a: moved }, { share: 0.1, weights: { a: 0 } }).share).toBe(0);
  });

  it('if one critical column drifted, but not if another column did', () => {
    const verdict = judge(reference, window, { share: 0.9, critical: ['a', 'b'] });
    expect(verdict).toMatchObject({ drifted: true, criticalColumns: ['a'] });
    expect(verdict.reason).toContain('critical: a');
    expect(judge(reference, window, { share: 0.9, critical: ['b'] }).drifted).toBe(false);
  });

  it('never without a drifted column, even at a share of 0', () => {
    expect(judge(reference, { a: still, b: still, c: still, d: still }, { share: 0 }).drifted).toBe(false);
  });

  it('never if nothing could be measured; it is then not measurable', () => {
    const empty = judge({ a: base }, { a: new Float64Array(0) }, { share: 0 });
    expect(empty).toMatchObject({ status: 'not measurable', drifted: false, notMeasurable: ['a'] });
    expect(judge({ a: base }, {}, { share: 0 }).status).toBe('not measurable');
  });
});

describe('further hypotheses', () => {
  const question = {
    subject: 'score',
    kind: 'prediction',
    statistic: 'ks',
    effect: 'wasserstein',
    threshold: 0.1,
    referenceSize: 900,
    windowSize: 300,
  } as const;

  it('are adjusted in the same family and do not count in the share', () => {
    const reference = freezeReference(frameOf({ x: base }));
    const profile = profileWindow(reference, frameOf({ x: base.subarray(0, 400) }));
    const score = measured(question, { value: 0.3, pValue: 0.01, effectSize: 0.4 });
    const verdict = judgeWindow(reference, profile, { share: 0 }, [score]);
    // Three p-values: the column's distribution and missing share, and this one.
    expect(verdict.others).toEqual([{ ...score, adjustedP: 0.03, status: 'drifted' }]);
    expect(verdict.drifted).toBe(false);
  });

  it('without a p-value are decided by their effect only', () => {
    const reference = freezeReference(frameOf({ x: base }));
    const profile = profileWindow(reference, frameOf({ x: base }));
    const score = measured(question, { effectSize: 0.05 });
    expect(judgeWindow(reference, profile, { share: 0.5 }, [score]).others[0]?.status).toBe('stable');
  });
});

describe('new categories', () => {
  it('in a column of many rare values are expected and no drift', () => {
    const draw = (n: number): string[] => Array.from({ length: n }, () => `v${Math.floor(random() ** -1.1)}`);
    const frozen = freezeReference(frameOf({ c: draw(5_000) }));
    const [reference] = frozen.columns;
    const [profile] = profileWindow(frozen, frameOf({ c: draw(5_000) })).columns;
    if (reference?.kind !== 'category' || profile?.kind !== 'category') throw new Error('not categories');
    const found = newCategories(reference, profile, 30);
    expect(found.value).toBeGreaterThan(0.01);
    expect(found.effectSize).toBeLessThan(0.01);
  });
});

describe('simulated reports', () => {
  const names = Array.from({ length: 14 }, (_, i) => `f${i}`);
  const columns = (n: number, shift = 0): Columns =>
    Object.fromEntries(
      names.map((name, i): [string, Values] => {
        if (i >= 10)
          return [name, Array.from({ length: n }, () => 'abcde'[Math.floor(random() * (i - 8))] ?? 'a')];
        const values = normals(n, random, i === 0 ? shift : 0);
        return [name, i % 3 === 1 ? values.map((x) => (random() < 0.02 ? NaN : Math.round(2 * x))) : values];
      }),
    );
  const frozen = freezeReference(frameOf(columns(3_000)));
  const drifted = (window: Columns): readonly string[] =>
    judgeWindow(frozen, profileWindow(frozen, frameOf(window)), { share: 0.05 }).driftedColumns;

  it.each([30, 100, 1_000])('raise at most 5 % false alarms on %i rows', (rows) => {
    const windows = 60;
    let alarms = 0;
    for (let i = 0; i < windows; i++) if (drifted(columns(rows)).length > 0) alarms++;
    // With a rate of 5 %, the probability of more than 8 alarms in 60 windows is 1 in 300.
    expect(alarms).toBeLessThanOrEqual(8);
  });

  it('find a shift of half a standard deviation in one of 14 columns of 300 rows', () => {
    let found = 0;
    for (let i = 0; i < 40; i++) if (drifted(columns(300, 0.5)).includes('f0')) found++;
    expect(found).toBeGreaterThanOrEqual(38);
  });
});
