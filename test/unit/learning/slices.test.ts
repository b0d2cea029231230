// Slices: a loss in one slice is found even if the overall AUC hides it.
import { expect, test } from 'vitest';
import { compare } from '../../../domain/learning/compare/comparison.ts';
import { sliceRows } from '../../../domain/learning/compare/slice-rows.ts';
import { compareSlices } from '../../../domain/learning/compare/slices.ts';
import { type Frame, MISSING_CODE } from '../../../domain/data/frame.ts';
import { allRows, signalFrame } from './labelled-frame.ts';

const frame = signalFrame(1_200);
const rows = allRows(frame);
const numbers = frame.features[0]?.kind === 'numeric' ? frame.features[0].values : new Float64Array();
const plan = frame.features.find(({ kind }) => kind === 'category') as Frame['features'][number] & {
  kind: 'category';
};
const isPro = (row: number): boolean => plan.dictionary[plan.codes[row] ?? MISSING_CODE] === 'pro';

// The candidate ranks like the champion, except that it ranks backwards on one plan.
const championScores = Float64Array.from(rows, (row) => 1 / (1 + Math.exp(-(numbers[row] ?? 0))));
const candidateScores = championScores.map((score, row) => (isPro(row) ? 1 - score : score));

test('compares each category value on its own rows, with the same result as compare on those rows', () => {
  const slices = compareSlices({ frame, rows, championScores, candidateScores });
  const categories = slices.filter(({ kind }) => kind === 'category').map(({ name }) => name);
  expect(categories.sort()).toEqual(['plan = basic', 'plan = plus', 'plan = pro']);
  const pro = rows.filter(isPro);
  const { difference } = compare({
    labels: pro.map((row) => frame.labels[row] ?? 0),
    clusters: pro.map((row) => frame.clusters[row] ?? 0),
    championScores: Float64Array.from(pro, (row) => championScores[row] ?? NaN),
    candidateScores: Float64Array.from(pro, (row) => candidateScores[row] ?? NaN),
  });
  const { value, low, high } = difference;
  expect(slices.find(({ name }) => name === 'plan = pro')).toMatchObject({
    rows: pro.length,
    difference: { value, low, high },
  });
});

test('finds the loss in its slice and none in others', () => {
  const slices = compareSlices({ frame, rows, championScores, candidateScores });
  const highest = Object.fromEntries(slices.map(({ name, difference }) => [name, difference.high]));
  expect(highest['plan = pro']).toBeLessThan(-0.05);
  expect([highest['plan = basic'], highest['plan = plus']]).toEqual([0, 0]);
});

test('leaves out values with fewer than 50 positive clusters, and makes a slice of rows without a value', () => {
  const few = rows.filter((row) => !isPro(row) || row < 60);
  const scores = (all: Float64Array): Float64Array => Float64Array.from(few, (row) => all[row] ?? NaN);
  const part = { championScores: scores(championScores), candidateScores: scores(candidateScores) };
  const names = compareSlices({ frame, rows: few, ...part }).map(({ name }) => name);
  expect(names).not.toContain('plan = pro');
  const withoutValues = { ...frame, features: [{ ...plan, codes: plan.codes.map(() => MISSING_CODE) }] };
  const slices = compareSlices({ frame: withoutValues, rows, championScores, candidateScores });
  expect(slices.map(({ name, kind }) => [name, kind])).toEqual([['plan is missing', 'missing']]);
});

test('splits a number into quarters that contain every row with a value once, equal values together', () => {
  const values = numbers.map((value, row) => (row % 10 === 0 ? NaN : Math.round(4 * value)));
  const numeric = { ...frame, features: [{ kind: 'numeric', name: 'x', values }] } satisfies Frame;
  const slices = [...sliceRows(numeric, rows)];
  expect(slices.map(({ kind }) => kind)).toEqual(['missing', 'band', 'band', 'band', 'band']);
  const all = slices.flatMap(({ positions }) => [...positions]).sort((a, b) => a - b);
  expect(all).toEqual([...rows]);
  const [, ...quarters] = slices.map(({ positions }) => [...positions].map((at) => values[at]!));
  quarters
    .slice(1)
    .forEach((quarter, at) => expect(Math.min(...quarter)).toBeGreaterThan(Math.max(...quarters[at]!)));
  expect(slices[1]!.name).toMatch(/^x < /);
  expect(slices[2]!.name).toMatch(/<= x < /);
  expect(slices[4]!.name).toMatch(/^x >= /);
});

test('makes no band of a constant number', () => {
  const constant = {
    ...frame,
    features: [{ kind: 'numeric', name: 'x', values: numbers.map(() => 3) }],
  } satisfies Frame;
  expect([...sliceRows(constant, rows)]).toEqual([]);
});

test('finds the rows of a named slice by value, range and missing value, with all conditions met', () => {
  const values = numbers.map((value, row) => (row % 10 === 0 ? NaN : value));
  const both = { ...frame, features: [plan, { kind: 'numeric', name: 'x', values }] } satisfies Frame;
  const named = [
    { name: 'pro above 0', where: { plan: 'pro', x: { min: 0 } } },
    { name: 'no x', where: { x: null } },
    { name: 'nobody', where: { plan: 'gone' } },
  ];
  const found = [...sliceRows(both, rows, named)].slice(0, 3).map(({ positions }) => [...positions]);
  expect(found[0]).toEqual([...rows].filter((row) => isPro(row) && values[row]! >= 0));
  expect(found[1]).toEqual([...rows].filter((row) => row % 10 === 0));
  expect(found[2]).toEqual([]);
});

test('lists a named slice that is too small, but does not test it', () => {
  const named = [{ name: 'nobody', where: { plan: 'gone' } }];
  const [first] = compareSlices({ frame, rows, championScores, candidateScores, named });
  expect(first).toMatchObject({ name: 'nobody', kind: 'named', rows: 0, simultaneous: null });
  expect(first?.difference).toEqual({ value: 0, low: -1, high: 1 });
});

test('widens the intervals so that they cover all tested slices together', () => {
  const plans = { ...frame, features: [plan] };
  const slices = compareSlices({ frame: plans, rows, championScores, candidateScores });
  const pro = slices.find(({ name }) => name === 'plan = pro')!;
  const reach = ({ value, high }: { value: number; high: number }): number => high - value;
  // z of 1 − 0.05 / 6 divided by z of 1 − 0.05 / 2, for three tested slices.
  expect(reach(pro.simultaneous!) / reach(pro.difference)).toBeCloseTo(2.39398 / 1.959964, 5);
});
