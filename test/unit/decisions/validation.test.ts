// Validation: each check passes for a sound version and fails for the fault that it looks for.
import { expect, test } from 'vitest';
import { evaluationRows, type Frame } from '../../../domain/data/frame.ts';
import { type Artifact } from '../../../domain/learning/artifact/artifact.ts';
import { linearScorer } from '../../../domain/learning/artifact/scorer.ts';
import { scoreRows } from '../../../domain/learning/artifact/score.ts';
import {
  checkExtremes,
  checkOnePath,
  checkOnlineRows,
  checkReload,
  checkSliceFloor,
  checkSpeed,
  digestOfScores,
  validationOf,
} from '../../../domain/decisions/validation.ts';

const frame: Frame = {
  rows: 3,
  features: [{ kind: 'numeric', name: 'hours', values: Float64Array.of(1, NaN, 3) }],
  labels: Uint8Array.of(0, 1, 1),
  holdout: Uint8Array.of(1, 1, 0),
  clusters: Uint32Array.of(0, 1, 2),
  times: BigInt64Array.of(0n, 0n, 0n),
};
const artifactOf = (slope: number): Artifact => ({
  format: 1,
  trainer: 'logistic-regression',
  seed: 1,
  encoding: {
    columns: [{ kind: 'numeric', name: 'hours', scale: { mean: 2, sd: 1 }, missing: false }],
    dropped: [],
  },
  coefficients: [0.5, slope],
  prior: 0.5,
  l2: 1,
  steps: 1,
  effects: [],
  gradientNorm: 0,
  trainedRows: 3,
  positives: 2,
});
const sound = artifactOf(1);
const digest = digestOfScores(scoreRows(sound, frame, evaluationRows(frame)));

test('requires a reloaded artifact to reproduce the compared scores bit for bit', async () => {
  expect(await checkReload(linearScorer(sound), frame, digest)).toMatchObject({ passed: true });
  expect(await checkReload(linearScorer(artifactOf(1 + Number.EPSILON)), frame, digest)).toMatchObject({
    passed: false,
  });
});

test('requires an online row for every entity', () => {
  expect(checkOnlineRows(0, new Date(0)).passed).toBe(true);
  expect(checkOnlineRows(null, new Date(0))).toMatchObject({
    passed: true,
    words: "not applicable: the definition says online: 'off'",
  });
  expect(checkOnlineRows(2, new Date(0))).toMatchObject({
    passed: false,
    words: '2 entities have no online row',
  });
});

test('requires a single record to score like its row, and extreme input to give a probability', async () => {
  expect(await checkOnePath(linearScorer(sound), frame)).toMatchObject({
    passed: true,
    words: '3 records score as in training',
  });
  expect((await checkExtremes(linearScorer(sound), frame)).passed).toBe(true);
  // NaN does not equal anything, not even itself.
  const broken = linearScorer(artifactOf(NaN));
  expect(await checkOnePath(broken, frame)).toMatchObject({
    passed: false,
    words: '3 records score differently',
  });
  expect(await checkExtremes(broken, frame)).toMatchObject({ passed: false });
});

test('requires 99 of 100 single rows to be scored within 5 ms', () => {
  const durations = (slow: number) => Float64Array.from({ length: 1_000 }, (_, at) => (at < slow ? 6 : 1));
  expect(checkSpeed(durations(9)).passed).toBe(true);
  expect(checkSpeed(durations(11)).passed).toBe(false);
});

test('fails the version for one failed check, and names it', () => {
  const passed = checkOnlineRows(0, new Date(0));
  expect(validationOf([passed])).toEqual({ passed: true, checks: [passed], words: '' });
  expect(validationOf([passed, checkOnlineRows(1, new Date(0))])).toMatchObject({
    passed: false,
    words: 'online rows: 1 entities have no online row',
  });
});

const slice = (name: string, low: number, high: number) => ({
  name,
  rows: 200,
  positiveClusters: 60,
  difference: { value: (low + high) / 2, low, high },
});

test('passes a slice that may not be worse than the floor, and a comparison without slices', () => {
  expect(checkSliceFloor([slice('plan = pro', -0.2, -0.05)])).toMatchObject({ passed: true });
  expect(checkSliceFloor([])).toMatchObject({ passed: true });
});

test('fails for a slice that is significantly worse than the floor, and names it', () => {
  const check = checkSliceFloor([slice('plan = pro', -0.2, -0.051), slice('plan = plus', 0, 0.1)]);
  expect(check).toMatchObject({ passed: false, name: 'slice floor' });
  expect(check.words).toContain('plan = pro');
  expect(check.words).not.toContain('plan = plus');
});
