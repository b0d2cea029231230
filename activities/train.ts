// Trains a candidate on the frozen training window, in a compute thread.
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { freezeReference } from '../domain/data/profile/feature-reference.ts';
import { encodeReference } from '../domain/data/profile/profile-codec.ts';
import { describeThreshold } from '../domain/learning/artifact/operating-threshold.ts';
import { TREES, describeTrees } from '../domain/learning/trees.ts';
import {
  encodeScores,
  freezeScores,
  type ScoreReference,
  type ScoreSource,
} from '../domain/performance/score-reference.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getRetrain, noteRetrain } from '../store/registry/retrains.ts';
import { forgetFoldFits } from '../store/registry/tree-fits.ts';
import { findVersionOfRetrain, registerVersion } from '../store/registry/versions.ts';
import { compute } from './compute/compute.ts';
import { type ComputeControl } from './compute/pool.ts';
import { type TrainingInput } from './compute/tasks.ts';
import { type ActivityDeps, freezeControl } from './deps.ts';
import { trainingSource, type TrainingSource } from './planned-training.ts';
import { CANNOT_BE_FITTED, codeRevision, thisPlatform, versionInput } from './training-input.ts';
import { fitTreesBy } from './fit-trees.ts';
import { trainTrees } from './train-trees.ts';
import { chooseRecipe, type Tuning } from '../domain/learning/choose-recipe.ts';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset } from '../store/registry/dataset.ts';
import { freezeWindow } from '../store/datasets/freeze.ts';
import { findTrainingPlan, readRecipeScores } from '../store/registry/training-plans.ts';
import { type Artifact } from '../domain/learning/artifact/artifact.ts';
import { calibrated } from '../domain/learning/artifact/calibration-map.ts';
import { evaluationRows } from '../domain/data/frame.ts';
import { scoreRows } from '../domain/learning/artifact/score.ts';

/** A candidate that has been registered. */
export interface Candidate {
  readonly version: number;
  readonly words: string;
}

/** The step that trains. */
export const trainActivities = (deps: ActivityDeps) => ({
  /**
   * Trains by the chosen recipe on the labelled rows outside the holdout, and registers a version in stage None; once
   * per retrain.
   */
  async trainCandidate({ retrainId }: { retrainId: string }): Promise<Candidate> {
    const { database } = deps;
    const registered = await findVersionOfRetrain(database, retrainId);
    if (registered) {
      const how = registered.unproven ? 'imported, and is unproven' : 'trained before';
      return { version: registered.version, words: `version ${registered.version} was ${how}` };
    }
    const retrain = await getRetrain(database, retrainId);
    const source = await trainingSource(database, retrain);
    const { training } = source.definition;
    const tuning = await chosenRecipe(database, retrainId, source);
    const dataset = await datasetOfRecipe(database, retrainId, source, tuning);
    const { frame } = await readDataset(database, dataset);
    const input = versionInput(frame, training, tuning?.chosen);
    const control = {
      signal: cancellationSignal(),
      onProgress: (fraction: number) => heartbeat({ trained: fraction }),
    };
    const { artifact, scores } =
      training.trainer === TREES
        ? await trainTrees(database, fitTreesBy(deps), { request: retrainId, dataset, frame, training })
        : await trainLinear(input, control);
    const version = await registerVersion(database, {
      model: retrain.model,
      definitionVersion: dataset.definitionVersion,
      retrainId,
      datasetId: dataset.id,
      trainer: training.trainer,
      artifact,
      reference: encodeReference(freezeReference(frame)),
      scoreReference: scores && encodeScores(scores),
      tuning: tuning ?? null,
      platform: { ...thisPlatform(), code: await codeRevision() },
    });
    await noteRetrain(database, retrainId, { candidateVersion: version.version });
    if (training.trainer === TREES) await forgetFoldFits(database, retrainId);
    const words =
      `trained version ${version.version} on ${input.rows.length} rows, artifact ${version.artifactDigest.slice(0, 12)}` +
      [
        ...(tuning ? [`: ${tuning.words}`] : []),
        ...(artifact.format === 'onnx' ? [`: ${describeTrees(artifact)}`] : []),
        ...(artifact.calibration ? [`; calibration: ${artifact.calibration.why}`] : []),
        ...(artifact.threshold ? [`; ${describeThreshold(artifact.threshold)}`] : []),
      ].join('');
    log.info(words, { model: retrain.model, retrainId });
    return { version: version.version, words };
  },
});

async function trainLinear(input: TrainingInput, control: ComputeControl) {
  const artifact = await compute('fit', input, control);
  return { artifact, scores: await scoreTraining(input, artifact, control) };
}

/**
 * Chooses among the judged recipes of a retrain's plan; returns undefined if no training was planned.
 *
 * @throws TidegateError DEFECT if a recipe has not been judged
 */
async function chosenRecipe(
  database: Database,
  retrainId: string,
  { definition }: TrainingSource,
): Promise<Tuning | undefined> {
  const plan = await findTrainingPlan(database, retrainId);
  if (!plan) return undefined;
  const judged = await readRecipeScores(database, retrainId);
  const scores = plan.recipes.length === 1 ? [] : plan.recipes.map((_, recipe) => judged.get(recipe));
  const missing = scores.indexOf(undefined);
  if (missing >= 0)
    throw new TidegateError('DEFECT', `recipe ${missing} of retrain ${retrainId} has not been judged`);
  return chooseRecipe(
    plan,
    scores.filter((found) => found !== undefined),
    definition.training,
  );
}

/**
 * Returns the dataset on which a candidate is trained: the training window, or for the recipe `recent` its rows after the
 * change, frozen as a separate dataset. The version's references, its leak proof and its repetition use only these rows.
 */
async function datasetOfRecipe(
  database: Database,
  retrainId: string,
  { dataset, definition }: TrainingSource,
  tuning: Tuning | undefined,
): Promise<Dataset> {
  if (tuning?.chosen.window !== 'recent' || tuning.change === null) return dataset;
  return freezeWindow(database, {
    request: `${retrainId}/training-recent`,
    definition,
    definitionVersion: dataset.definitionVersion,
    window: { from: new Date(tuning.change), to: dataset.window.to },
    // Use the same labels as in the dataset on which the recipes were judged.
    knownBy: dataset.asKnownAt,
    ...freezeControl(),
  });
}

/**
 * If at least this many holdout rows are labelled, they form the score reference; otherwise, training rows that are
 * scored out of fold form it.
 */
const ENOUGH_HELD_OUT = 1_000;

/** Approximate maximum number of training rows that are scored out of fold. */
const MAX_DEALT = 20_000;

/**
 * Returns the score reference of a version that was just trained.
 *
 * If fewer than 1,000 holdout rows are labelled, the training rows (at most 20,000 of them, in whole clusters) are dealt
 * into five folds by cluster; each fold is scored by a model fitted on the others and calibrated like the version. If
 * that is not possible, the available holdout rows are used; if there are none, the version has no score reference.
 *
 * @throws the signal's reason when aborted
 */
export async function scoreTraining(
  input: TrainingInput,
  artifact: Artifact,
  control: ComputeControl,
): Promise<ScoreReference | null> {
  const { frame, options } = input;
  const held = evaluationRows(frame);
  if (held.length < ENOUGH_HELD_OUT) {
    const scored = await outOfFold(input, artifact, control);
    if (scored) return frozen('out of fold', scored.rows, scored.scores);
  }
  return held.length === 0 ? null : frozen('holdout', held, scoreRows(artifact, frame, held));

  function frozen(source: ScoreSource, rows: Uint32Array, scores: Float64Array): ScoreReference {
    const labels = Uint8Array.from(rows, (row) => frame.labels[row]!);
    const times = BigInt64Array.from(rows, (row) => frame.times[row]!);
    return freezeScores(source, { scores, labels, times }, options.seed);
  }
}

async function outOfFold(
  input: TrainingInput,
  { calibration }: Artifact,
  control: ComputeControl,
): Promise<{ rows: Uint32Array; scores: Float64Array } | undefined> {
  try {
    const { frame, rows: learnt, trainer, options } = input;
    const task = { frame, rows: learnt, trainer, options, maxRows: MAX_DEALT };
    const { rows, scores } = await compute('scoreOutOfFold', task, control);
    return { rows, scores: scores.map((score) => calibrated(calibration?.map, score)) };
  } catch (error) {
    if (error instanceof TidegateError && CANNOT_BE_FITTED.includes(error.code)) return undefined;
    throw error;
  }
}
