// Recipes validated and chosen on stored rows: once each, on training clusters only, after the change if there is one.
import { type Artifact } from '../../domain/learning/artifact/artifact.ts';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repeatTraining } from '../../activities/repeat-training.ts';
import { digestOf } from '../../domain/canonical-json.ts';
import { type TemporalHoldoutResult } from '../../domain/decisions/temporal-holdout.ts';
import { getDataset } from '../../store/registry/dataset.ts';
import { changeSeenFirst, decideReport, getReport, openReport } from '../../store/registry/reports.ts';
import { findTrainingPlan, readRecipeScores } from '../../store/registry/training-plans.ts';
import { getVersion, readArtifact, readReference, readTuning } from '../../store/registry/versions.ts';
import { tamper } from '../helpers/tamper.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type RetrainableModel, retrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

const JANUARY = '2024-01-31T00:00:00Z';
const FEBRUARY = '2024-02-29T00:00:00Z';
const training = { trainer: 'logistic-regression', window: '1 month', seed: 3 } as const;

/** Users whose label depends on their hours at each time, with the sign that `sign` returns. */
function users(count: number, times: readonly string[], sign: (time: string) => number): UserRow[] {
  const random = randomOf(11);
  return times.flatMap((at) =>
    Array.from({ length: count }, (_, index) => {
      const hours = 10 * random();
      const gone = random() < 1 / (1 + Math.exp(-sign(at) * (hours - 5)));
      return { user: `u${index}`, at, hours, plan: index % 3 === 0 ? 'a' : 'b', gone };
    }),
  );
}

/** Deletes the rows of a model's datasets, so that nothing can be fitted on them again. */
const forgetRows = (model: RetrainableModel) =>
  tamper(
    database,
    `delete from tidegate.dataset_chunk where dataset_id in (select id from tidegate.dataset where model = $1)`,
    [model.name],
  );

test('a grid is validated, the choice is reported and stored, and the version is trained by it', async () => {
  const tune = { l2: [0.01, 1, 300], classWeight: ['none', 'balanced'] } as const;
  const model = await retrainableModel(database, 'tuned', {
    training: { ...training, tune: { l2: [...tune.l2], classWeight: [...tune.classWeight] } },
  });
  await model.add(users(900, [JANUARY], () => 1));
  const { retrainId, version } = await model.train(JANUARY);
  const tuning = (await readTuning(database, 'tuned', version))!;
  expect(tuning.recipes).toHaveLength(6);
  for (const { scores } of tuning.recipes) expect(scores).toHaveLength(5);
  // The label depends on one number, so the order of the scores is the same under any penalty and the strongest is chosen.
  expect(tuning.chosen.l2).toBe(300);
  expect(tuning.words).toContain('AUC 0.');
  const artifact = (await readArtifact(database, 'tuned', version)) as Artifact;
  expect(artifact.l2).toBe(300);
  expect(artifact.classWeights !== undefined).toBe(tuning.chosen.classWeight === 'balanced');
  expect((await readRecipeScores(database, retrainId)).size).toBe(6);
});

test('a recipe that was validated is not fitted or planned again, even if the rows are deleted', async () => {
  const model = await retrainableModel(database, 'judged_once', { training: { ...training, tune: {} } });
  await model.add(users(700, [JANUARY], () => 1));
  const { retrainId, recipes } = await model.plan(JANUARY);
  expect(recipes).toBe(3);
  const judge = (recipe: number) => model.run(() => model.activities.judgeRecipe({ retrainId, recipe }));
  await judge(0);
  await judge(2);
  const before = await readRecipeScores(database, retrainId);
  await forgetRows(model);
  await judge(0);
  await judge(2);
  expect(await readRecipeScores(database, retrainId)).toEqual(before);
  expect(await model.run(() => model.activities.planTraining({ retrainId }))).toMatchObject({ recipes: 3 });
  expect((await failureOf(judge(1))).message).toMatch(/dataset/i);
  const trained = failureOf(model.run(() => model.activities.trainCandidate({ retrainId })));
  expect((await trained).message).toBe(`recipe 1 of retrain ${retrainId} has not been judged`);
});

test('a recipe that is not in the plan is refused', async () => {
  const model = await retrainableModel(database, 'not_planned', { training: { ...training, tune: {} } });
  await model.add(users(400, [JANUARY], () => 1));
  const { retrainId } = await model.plan(JANUARY);
  const judge = model.run(() => model.activities.judgeRecipe({ retrainId, recipe: 3 }));
  expect(await failureOf(judge)).toMatchObject({ code: 'DEFECT' });
});

test('a heartbeat contains the recipe that is validated and its progress, but no rows', async () => {
  const model = await retrainableModel(database, 'heard', { training: { ...training, tune: {} } });
  await model.add(users(400, [JANUARY], () => 1));
  const { retrainId } = await model.plan(JANUARY);
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const heard: { recipe: number; judged: number }[] = [];
  environment.on('heartbeat', (details) => heard.push(details as (typeof heard)[number]));
  const step = (): Promise<void> => model.activities.judgeRecipe({ retrainId, recipe: 1 });
  await environment.run<[], void, typeof step>(step);
  expect(heard.length).toBeGreaterThanOrEqual(5);
  for (const details of heard) {
    expect(Object.keys(details)).toEqual(['recipe', 'judged']);
    expect(details.recipe).toBe(1);
  }
  const told = heard.map(({ judged }) => judged);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told.at(-1)).toBe(1);
});

test('validating the same retrain twice gives the same scores to the bit', async () => {
  const model = await retrainableModel(database, 'judged_twice', {
    training: { ...training, tune: { l2: [0.1, 1] } },
  });
  await model.add(users(700, [JANUARY], () => 1));
  const [first, second] = [await model.train(JANUARY), await model.train(JANUARY)];
  expect(await readRecipeScores(database, second.retrainId)).toEqual(
    await readRecipeScores(database, first.retrainId),
  );
  const versions = [
    await getVersion(database, 'judged_twice', 1),
    await getVersion(database, 'judged_twice', 2),
  ];
  expect(versions[0]!.artifactDigest).toBe(versions[1]!.artifactDigest);
});

test('a candidate learns only from the rows after the change if the concept changed, and nothing else uses older ones', async () => {
  const model = await retrainableModel(database, 'turned', { training: { ...training, window: '2 months' } });
  await model.add(users(900, [JANUARY], () => 1));
  const first = await model.train(JANUARY);
  expect(await readTuning(database, 'turned', first.version)).toMatchObject({
    change: null,
    chosen: { window: 'all' },
  });
  await model.produce(first.version);
  await model.add(users(900, [FEBRUARY], () => -1));
  const { version, comparison } = await model.retrain(FEBRUARY, await model.report(FEBRUARY));
  const tuning = (await readTuning(database, 'turned', version))!;
  expect(tuning).toMatchObject({ change: '2024-01-31T00:00:00.000Z', chosen: { window: 'recent' } });
  expect(tuning.recipes.map(({ recipe }) => recipe.window)).toEqual(['all', 'recent']);
  expect(tuning.words).toContain('after the change at 2024-01-31');
  const { datasetId } = await getVersion(database, 'turned', version);
  const dataset = await getDataset(database, datasetId);
  expect([dataset.window.from.toISOString(), dataset.rows]).toEqual(['2024-01-31T00:00:00.000Z', 900]);
  const artifact = (await readArtifact(database, 'turned', version)) as Artifact;
  expect(artifact.trainedRows).toBe(dataset.trainingRows);
  const registered = await getVersion(database, 'turned', version);
  const control = { signal: new AbortController().signal, onProgress: () => undefined };
  expect(digestOf(await repeatTraining(database, registered, control))).toBe(registered.artifactDigest);
  expect(JSON.stringify(await readReference(database, 'turned', version))).toContain('"rows":900');
  expect(comparison.decision).toMatchObject({ promote: true });
  expect(comparison.body.candidate.auc.low).toBeGreaterThan(0.8);
});

test('a change that waited for labels is dated from the window in which it was first seen', async () => {
  const model = await retrainableModel(database, 'waited', { training: { ...training, window: '4 months' } });
  const [april, march] = ['2024-04-30T00:00:00Z', '2024-03-31T00:00:00Z'];
  await model.add(users(400, [JANUARY], () => 1));
  await model.produce((await model.train(JANUARY)).version);
  await model.add(users(400, [FEBRUARY, march, april], () => -1));
  const reports: [asOf: string, outcome: string][] = [
    [FEBRUARY, 'none'],
    [march, 'waiting for labels'],
    [april, 'performance'],
  ];
  let reportId = 0;
  for (const [asOf, outcome] of reports) {
    reportId = await model.report(asOf);
    await decideReport(database, reportId, { decision: { outcome }, summary: '' });
  }
  const { retrainId } = await model.plan(april, reportId);
  expect((await findTrainingPlan(database, retrainId))?.change).toBe('2024-02-29T00:00:00.000Z');
  // When the window before is measured again and found without a reason, it no longer belongs to the change.
  const again = await openReport(database, {
    ...(await getReport(database, reportId - 1)),
    request: 'waited/again',
  });
  await decideReport(database, again.id, { decision: { outcome: 'none' }, summary: '' });
  expect(await changeSeenFirst(database, await getReport(database, reportId))).toEqual(new Date(march));
});

test('all rows are learnt from if the definition allows only that window', async () => {
  const model = await retrainableModel(database, 'keeps_all', {
    training: { ...training, window: '2 months', windows: ['all'] },
  });
  await model.add(users(600, [JANUARY], () => 1));
  await model.produce((await model.train(JANUARY)).version);
  await model.add(users(600, [FEBRUARY], () => -1));
  const { version } = await model.train(FEBRUARY, await model.report(FEBRUARY));
  expect(await readTuning(database, 'keeps_all', version)).toMatchObject({ chosen: { window: 'all' } });
  const { datasetId } = await getVersion(database, 'keeps_all', version);
  expect((await getDataset(database, datasetId)).rows).toBe(1_200);
});

test('the temporal holdout tests the chosen recipe: only rows after the change, with its penalty', async () => {
  const weeks = ['2024-02-05', '2024-02-12', '2024-02-19', '2024-02-26'].map((day) => `${day}T00:00:00Z`);
  const model = await retrainableModel(database, 'out_of_time', {
    holdout: { share: 0.5 },
    training: { ...training, window: '2 months', tune: { l2: [1, 5] } },
  });
  await model.add(users(600, [JANUARY], () => 1));
  await model.produce((await model.train(JANUARY)).version);
  await model.add(users(600, weeks, () => -1));
  const { version, comparison } = await model.retrain(FEBRUARY, await model.report(FEBRUARY));
  const tuning = (await readTuning(database, 'out_of_time', version))!;
  expect(tuning.chosen).toMatchObject({ window: 'recent' });
  const result = comparison.body.outOfTime as TemporalHoldoutResult;
  const learnable = async (from: string) =>
    (await model.sample.join({ from, to: result.cut })).filter(({ held_out: isHeld }) => !isHeld).length;
  expect(result.trainedRows).toBe(await learnable(JANUARY));
  expect(result.trainedRows).toBeLessThan(await learnable('2024-01-01Z'));
  expect(result.candidateAuc.low).toBeGreaterThan(0.8);
});

test.each([
  ['one class', 'ONE_CLASS', () => true],
  ['49 positives', 'TOO_FEW_LABELS', (_row: UserRow, at: number) => at < 40],
])('%s ends a retrain when it is planned, with %s', async (_, code, gone) => {
  const name = code.toLowerCase();
  const model = await retrainableModel(database, name, { training: { ...training, tune: {} } });
  await model.add(users(500, [JANUARY], () => 1).map((row, at) => ({ ...row, gone: gone(row, at) })));
  expect(await failureOf(model.plan(JANUARY))).toMatchObject({ code });
  expect(await findTrainingPlan(database, `${name}/1`)).toBeUndefined();
});

test('a recipe that does not converge on separated classes is excluded, and the others remain', async () => {
  const model = await retrainableModel(database, 'separated', {
    training: { ...training, tune: { l2: [0, 1] } },
  });
  await model.add(users(500, [JANUARY], () => 1).map((row) => ({ ...row, gone: row.hours! > 5 })));
  const { version } = await model.train(JANUARY);
  const tuning = (await readTuning(database, 'separated', version))!;
  expect(tuning.recipes[0]).toMatchObject({
    scores: null,
    problem: expect.stringContaining('perfectly separated') as string,
  });
  expect(tuning.chosen.l2).toBe(1);
  expect(tuning.words).toContain('1 of 2 recipes could not be fitted in every fold');
});
