// Slices: a loss in one part is seen there, whatever the whole says.
import { expect, test } from 'vitest';
import { compare } from '../../../domain/learning/comparison.ts';
import { compareSlices } from '../../../domain/learning/slices.ts';
import { type Frame, MISSING_CODE } from '../../../domain/features/frame.ts';
import { allRows, signalFrame } from './labelled-frame.ts';

const frame = signalFrame(1_200);
const rows = allRows(frame);
const numbers = frame.features[0]?.kind === 'numeric' ? frame.features[0].values : new Float64Array();
const plan = frame.features.find(({ kind }) => kind === 'category') as Frame['features'][number] & {
  kind: 'category';
};
const isPro = (row: number): boolean => plan.dictionary[plan.codes[row] ?? MISSING_CODE] === 'pro';

// The candidate ranks as the champion does, but backwards on one plan.
const championScores = Float64Array.from(rows, (row) => 1 / (1 + Math.exp(-(numbers[row] ?? 0))));
const candidateScores = championScores.map((score, row) => (isPro(row) ? 1 - score : score));

test('compares each category value on its own rows, as compare does on those rows alone', () => {
  const slices = compareSlices({ frame, rows, championScores, candidateScores });
  expect(slices.map(({ name }) => name).sort()).toEqual(['plan = basic', 'plan = plus', 'plan = pro']);
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

test('sees the loss where it is, and none elsewhere', () => {
  const slices = compareSlices({ frame, rows, championScores, candidateScores });
  const highest = Object.fromEntries(slices.map(({ name, difference }) => [name, difference.high]));
  expect(highest['plan = pro']).toBeLessThan(-0.05);
  expect([highest['plan = basic'], highest['plan = plus']]).toEqual([0, 0]);
});

test('leaves out values with fewer than 50 positive clusters, and rows without a value', () => {
  const few = rows.filter((row) => !isPro(row) || row < 60);
  const scores = (all: Float64Array): Float64Array => Float64Array.from(few, (row) => all[row] ?? NaN);
  const part = { championScores: scores(championScores), candidateScores: scores(candidateScores) };
  const names = compareSlices({ frame, rows: few, ...part }).map(({ name }) => name);
  expect(names).not.toContain('plan = pro');
  const withoutValues = { ...frame, features: [{ ...plan, codes: plan.codes.map(() => MISSING_CODE) }] };
  expect(compareSlices({ frame: withoutValues, rows, championScores, candidateScores })).toEqual([]);
});
