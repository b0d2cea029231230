// Performance, and drift of predictions and labels, from a training to the stored reports that follow it.
import { type Artifact } from '../../domain/learning/artifact/artifact.ts';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { evaluationRows, type Frame, NO_LABEL, trainingRows } from '../../domain/data/frame.ts';
import { scoreRows } from '../../domain/learning/artifact/score.ts';
import { type DriftPart, type MeasuredPerformance } from '../../domain/decisions/report.ts';
import { CAVEAT } from '../../domain/performance/estimate-performance.ts';
import { decodeScores } from '../../domain/performance/score-reference.ts';
import { scoreTraining } from '../../activities/train.ts';
import { getReport } from '../../store/registry/reports.ts';
import { readArtifact, readScoreReference } from '../../store/registry/versions.ts';
import { frozenModel } from '../helpers/frozen-model.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { heldOut, signalFrame } from '../unit/learning/labelled-frame.ts';

let database: MigratedDatabase;
let activities: Activities;

beforeAll(async () => {
  database = await migratedDatabase();
  activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
});
afterAll(() => database.drop());

const run = <T>(step: () => Promise<T>): Promise<T> =>
  new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'monitor/test', runId: 'run' } },
    { logger: new DefaultLogger('ERROR') },
  ).run<[], T, () => Promise<T>>(step);

/** With a third of the rows held out. */
const split = (frame: Frame): Frame => heldOut(frame, (row) => row % 3 === 0);
const withoutLabels = (frame: Frame, isWithout: (row: number) => boolean): Frame => ({
  ...frame,
  labels: frame.labels.map((label, row) => (isWithout(row) ? NO_LABEL : label)),
});

const measured = async (reportId: number) => {
  const { words } = await run(() => activities.measurePerformance({ reportId }));
  await run(() => activities.measureDrift({ reportId }));
  const { performance, drift } = await getReport(database, reportId);
  return {
    words,
    performance: performance as MeasuredPerformance,
    drift: drift as DriftPart & { measured: true },
  };
};

const changes = (drift: DriftPart & { measured: true }) =>
  Object.fromEntries(drift.verdict.others.map(({ kind, status }) => [kind, status]));

test('performance is realised with intervals, and not estimated, if the labels have arrived', async () => {
  const model = await frozenModel(database, 'labelled', split(signalFrame(6_000, 1)));
  const { performance, drift } = await measured(await model.report(split(signalFrame(3_000, 2))));
  const { realised, estimated, labels } = performance;
  expect(realised).toMatchObject({ rows: 1_000 });
  for (const name of ['brier', 'logLoss', 'ece'] as const) {
    const { value, low, high } = realised!.intervals![name];
    expect(value).toBeCloseTo(realised![name], 12);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThan(value);
  }
  expect(estimated).toEqual({ measured: false, reason: 'every holdout row has its label' });
  expect(labels).toMatchObject({
    window: { rows: 3_000, mature: 3_000 },
    holdout: { rows: 1_000, mature: 1_000 },
  });
  expect(changes(drift)).toEqual({ label: 'stable', prediction: 'stable' });
});

test('performance is estimated if the labels have not arrived, close to the later realised value', async () => {
  const model = await frozenModel(database, 'awaiting', split(signalFrame(6_000, 1)));
  const window = split(signalFrame(6_000, 3));
  const { words, performance } = await measured(await model.report(withoutLabels(window, () => true)));
  expect(performance.realised).toBeNull();
  expect(performance.estimated).toMatchObject({ measured: true, rows: 2_000, referenceSource: 'holdout' });
  expect(words).toContain(CAVEAT);
  expect(performance.labels?.holdout).toEqual({ rows: 2_000, mature: 0, awaited: 0, overdue: 2_000 });
  const truth = (await measured(await model.report(window))).performance.realised!.auc!;
  const { auc } = performance.estimated as Extract<typeof performance.estimated, { measured: true }>;
  expect(auc!.low).toBeLessThan(truth.value);
  expect(auc!.high).toBeGreaterThan(truth.value);
  expect(auc!.alarm).toBe(false);
});

test('a window with half of its labels has realised performance on these rows and estimated performance on the others', async () => {
  const model = await frozenModel(database, 'halves', split(signalFrame(6_000, 1)));
  const window = withoutLabels(split(signalFrame(6_000, 4)), (row) => row % 2 === 0);
  const { performance } = await measured(await model.report(window));
  expect(performance).toMatchObject({
    realised: { rows: 1_000 },
    estimated: { measured: true, rows: 1_000 },
  });
});

test('changed scores and labels are drift of predictions and labels, tested together with the features', async () => {
  const model = await frozenModel(database, 'moved', split(signalFrame(6_000, 1)));
  const still = split(signalFrame(3_000, 5));
  const signal = still.features.map((column) =>
    column.kind === 'numeric' && column.name === 'signal'
      ? { ...column, values: column.values.map((value) => value + 1) }
      : column,
  );
  const moved = {
    ...still,
    features: signal,
    labels: still.labels.map((label, row) => (row % 4 === 0 ? 1 : label)),
  };
  const { drift } = await measured(await model.report(moved));
  expect(changes(drift)).toEqual({ label: 'drifted', prediction: 'drifted' });
  expect(drift.verdict.driftedColumns).toEqual(['signal']);
  const prediction = drift.verdict.others.find(({ kind }) => kind === 'prediction');
  expect(prediction).toMatchObject({
    subject: 'score',
    statistic: 'ks',
    effect: 'wasserstein',
    direction: 'up',
  });
  expect(prediction).toMatchObject({ referenceSize: 2_000, windowSize: 1_000 });
});

test('a version without a score reference is measured as far as possible, and the report says why not further', async () => {
  const model = await frozenModel(database, 'unscored', split(signalFrame(3_000, 1)), {}, { scored: false });
  expect(await readScoreReference(database, 'unscored', 1)).toBeNull();
  const { performance, drift } = await measured(await model.report(split(signalFrame(3_000, 2))));
  expect(performance.realised?.rows).toBe(1_000);
  expect(changes(drift)).toEqual({ label: 'stable' });
  const unlabelled = withoutLabels(split(signalFrame(3_000, 2)), () => true);
  const { performance: none } = await measured(await model.report(unlabelled));
  expect(none).toEqual({
    measured: false,
    reason: 'no holdout row of the window has a mature label, and version 1 has no score reference',
  });
});

test('scores computed chunk by chunk are those of the artifact on the same rows', async () => {
  const training = split(signalFrame(70_000, 6));
  await frozenModel(database, 'chunked', training);
  const encoded = await readScoreReference(database, 'chunked', 1);
  const artifact = (await readArtifact(database, 'chunked', 1)) as Artifact;
  const reference = decodeScores(encoded!);
  const held = evaluationRows(training);
  expect(reference.profile.rows).toBe(held.length);
  expect(reference.scores).toHaveLength(20_000);
  const all = new Set(scoreRows(artifact, training, held));
  expect(reference.scores.every((score) => all.has(score))).toBe(true);
  const model = await frozenModel(database, 'chunked_again', training);
  const { performance } = await measured(await model.report(training));
  expect(performance.realised?.rows).toBe(held.length);
});

test('out-of-fold scores replace too few holdout rows, and no row is scored by a model that saw its cluster', async () => {
  const signal = new AbortController().signal;
  const frame = heldOut(signalFrame(2_000, 8), (row) => row % 10 === 0);
  const input = { frame, rows: trainingRows(frame), trainer: 'logistic-regression', options: { seed: 3 } };
  const model = await frozenModel(database, 'folds', frame);
  const artifact = (await readArtifact(database, model.name, 1)) as Artifact;
  const control = { signal, onProgress: () => undefined };
  const reference = await scoreTraining(input, artifact, control);
  expect(reference).toMatchObject({ source: 'out of fold' });
  expect(reference?.scores).toHaveLength(1_800);
  expect(await scoreTraining(input, artifact, control)).toEqual(reference);
  const fitted = new Set(scoreRows(artifact, frame, input.rows));
  expect(reference?.scores.filter((score) => fitted.has(score))).toHaveLength(0);
});

test('holdout rows are used if no fold can be fitted, and without any there is no reference', async () => {
  const signal = new AbortController().signal;
  const control = { signal, onProgress: () => undefined };
  const frame = heldOut(signalFrame(600, 9), (row) => row % 3 === 0);
  const model = await frozenModel(database, 'unfoldable', frame);
  const artifact = (await readArtifact(database, model.name, 1)) as Artifact;
  // One cluster has every training row, so a fold would leave no rows to learn from.
  const oneCluster = { ...frame, clusters: new Uint32Array(frame.rows) };
  const input = { rows: trainingRows(frame), trainer: 'logistic-regression', options: { seed: 3 } };
  expect(await scoreTraining({ ...input, frame: oneCluster }, artifact, control)).toMatchObject({
    source: 'holdout',
  });
  const noHoldout = { ...oneCluster, holdout: new Uint8Array(frame.rows) };
  expect(await scoreTraining({ ...input, frame: noHoldout }, artifact, control)).toBeNull();
});
