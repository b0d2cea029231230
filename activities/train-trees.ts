// Trains a version of trees: fits it, checks it against the serving runtime, calibrates it and freezes its score
// reference.
import { type ModelDefinition } from '../domain/model/definition.ts';
import { evaluationRows, type Frame, trainingRows } from '../domain/data/frame.ts';
import { chooseCalibration } from '../domain/learning/artifact/calibrate.ts';
import { calibrated } from '../domain/learning/artifact/calibration-map.ts';
import { countClasses } from '../domain/learning/metrics/class-counts.ts';
import { foldsOf } from '../domain/learning/resample/folds.ts';
import { type OnnxArtifact } from '../domain/learning/artifact/onnx-artifact.ts';
import { chooseThreshold } from '../domain/learning/artifact/operating-threshold.ts';
import { type FoldScore, outOfFoldOf, type ScoredOutOfFold } from '../domain/learning/out-of-fold.ts';
import { type Scorer } from '../domain/learning/artifact/scorer.ts';
import { treeArtifact, treeOptions, type TreeOutcome } from '../domain/learning/trees.ts';
import { freezeScores, type ScoreReference } from '../domain/performance/score-reference.ts';
import { TidegateError } from '../domain/errors.ts';
import { openScorer, scorerSourceOf } from '../scoring/scorer-source.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset } from '../store/registry/dataset.ts';
import { type FitTrees } from './fit-trees.ts';

/** The inputs of a training of trees. */
export interface TreesTask {
  /** Key of the training, under which a retry finds the fits that were already started. */
  readonly request: string;
  readonly dataset: Dataset;
  /** All rows of the dataset. */
  readonly frame: Frame;
  readonly training: ModelDefinition['training'];
  /** Names of the fits within the request; a fit for a fold also gets the fold's number. @default 'trees' and 'fold' */
  readonly names?: { readonly trees: string; readonly fold: string };
  /** Whether to compute the score reference for later windows. @default true */
  readonly scoreReference?: boolean;
}

/** A trained version, and its score reference. */
export interface TrainedTrees {
  readonly artifact: OnnxArtifact;
  readonly scores: ScoreReference | null;
}

/**
 * If at least this many holdout rows are labelled, they form the score reference; otherwise, training rows that are
 * scored out of fold form it.
 */
const ENOUGH_HELD_OUT = 1_000;

/** Approximate maximum number of training rows that are scored out of fold. */
const MAX_DEALT = 20_000;

/** Largest accepted difference between scores of the runtime (float32) and of LightGBM (float64). */
const MAX_APART = 1e-5;

/**
 * Trains a version on the labelled rows outside the holdout. Calibration, threshold and, if fewer than 1,000 holdout
 * rows are labelled, the score reference use training rows that are scored out of fold by additional fits.
 *
 * @throws TidegateError ONE_CLASS, TOO_FEW_LABELS, THRESHOLD_UNREACHABLE, INVALID_ONNX if the runtime's scores differ
 *   from LightGBM's; ONNX_RUNTIME_MISSING; errors of the fit
 */
export async function trainTrees(database: Database, fit: FitTrees, task: TreesTask): Promise<TrainedTrees> {
  const { request, dataset, frame, training, scoreReference = true } = task;
  const { names = { trees: 'trees', fold: 'fold' } } = task;
  const rows = trainingRows(frame);
  const fitOn = (name: string, inside: Uint32Array | null): Promise<TreeOutcome> =>
    fit({
      request: `${request}/${name}`,
      datasetId: dataset.id,
      datasetRows: dataset.rows,
      rows: inside,
      options: optionsOn(inside ?? rows),
    });
  const optionsOn = (inside: Uint32Array) =>
    treeOptions(training.trees, training, countClasses(frame, inside, inside === rows ? undefined : 1));
  const scorerOf = async (artifact: OnnxArtifact): Promise<Scorer> =>
    openScorer(await scorerSourceOf(database, artifact));

  const outcome = await fitOn(names.trees, null);
  const plain = treeArtifact(outcome, optionsOn(rows));
  await checkSample(await scorerOf(plain), frame, outcome);
  const held = evaluationRows(frame);
  const { calibration: asked = 'none', threshold: policy } = training;
  const needsFolds =
    asked !== 'none' || (policy && !('value' in policy)) || (scoreReference && held.length < ENOUGH_HELD_OUT);
  const scored = needsFolds ? await outOfFold() : null;
  const calibration = asked === 'none' || !scored ? undefined : chooseCalibration(asked, scored);
  const mapped = scored && {
    ...scored,
    scores: scored.scores.map((score) => calibrated(calibration?.map, score)),
  };
  const artifact: OnnxArtifact = {
    ...plain,
    ...(calibration && { calibration }),
    ...(policy && { threshold: chooseThreshold(policy, mapped) }),
  };
  return { artifact, scores: scoreReference ? await reference() : null };

  async function outOfFold(): Promise<ScoredOutOfFold | null> {
    const { folds, reason } = foldsOf(frame, rows, { seed: training.seed, maxRows: MAX_DEALT });
    if (folds.length === 0) {
      if (asked === 'none' && (!policy || 'value' in policy)) return null;
      throw new TidegateError('TOO_FEW_LABELS', `rows cannot be scored out of fold: ${reason}`);
    }
    const found: FoldScore[] = [];
    for (const [fold, { inside, outside }] of folds.entries()) {
      const fitted = await fitOn(`${names.fold}-${fold}`, inside);
      const scores = await (
        await scorerOf(treeArtifact(fitted, optionsOn(inside)))
      ).scoreRows(frame, outside);
      outside.forEach((row, at) => found.push({ row, fold, score: scores[at]! }));
    }
    return outOfFoldOf(frame, found);
  }

  async function reference(): Promise<ScoreReference | null> {
    const frozen = (source: 'holdout' | 'out of fold', chosen: Uint32Array, scores: Float64Array) =>
      freezeScores(
        source,
        {
          scores,
          labels: Uint8Array.from(chosen, (row) => frame.labels[row]!),
          times: BigInt64Array.from(chosen, (row) => frame.times[row]!),
        },
        training.seed,
      );
    if (held.length < ENOUGH_HELD_OUT && mapped) return frozen('out of fold', mapped.rows, mapped.scores);
    if (held.length === 0) return null;
    return frozen('holdout', held, await (await scorerOf(artifact)).scoreRows(frame, held));
  }
}

/**
 * Compares the scores of the runtime and of LightGBM on the same rows.
 *
 * @throws TidegateError INVALID_ONNX if they differ
 */
async function checkSample(scorer: Scorer, frame: Frame, { sample }: TreeOutcome): Promise<void> {
  const scores = await scorer.scoreRows(frame, Uint32Array.from(sample.rows));
  const apart = scores.reduce((most, score, at) => Math.max(most, Math.abs(score - sample.scores[at]!)), 0);
  if (!(apart <= MAX_APART))
    throw new TidegateError(
      'INVALID_ONNX',
      `the scores of the runtime and of LightGBM on ${sample.rows.length} rows differ by up to ${apart}, more than ${MAX_APART}`,
    );
}
