// Scores for a version's score reference: on holdout rows, or out of fold where these are few.
import { TidegateError } from '../../domain/errors.ts';
import { type Artifact } from '../../domain/learning/artifact/artifact.ts';
import { calibrated } from '../../domain/learning/artifact/calibration-map.ts';
import { evaluationRows } from '../../domain/data/frame.ts';
import { scoreRows } from '../../domain/learning/artifact/score.ts';
import {
  freezeScores,
  type ScoreReference,
  type ScoreSource,
} from '../../domain/performance/score-reference.ts';
import { compute } from '../compute/compute.ts';
import { type ComputeControl } from '../compute/pool.ts';
import { type TrainingInput } from '../compute/tasks.ts';
import { CANNOT_BE_FITTED } from './cannot-be-fitted.ts';

/** From so many labelled holdout rows on they alone are the reference. */
const ENOUGH_HELD_OUT = 1_000;

/** Training rows that are scored out of fold, about. */
const MOST_DEALT = 20_000;

/**
 * The score reference of a version that was just trained.
 *
 * Where fewer than 1,000 holdout rows are labelled, the training rows (at most 20,000 of them, whole clusters) are dealt
 * into five folds by cluster, and each is scored by a model fitted on the others, then calibrated as the version is. Where that cannot be done, the holdout
 * rows that there are serve; without any there is no reference.
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
    const task = { frame, rows: learnt, trainer, options, mostRows: MOST_DEALT };
    const { rows, scores } = await compute('scoreOutOfFold', task, control);
    return { rows, scores: scores.map((score) => calibrated(calibration?.map, score)) };
  } catch (error) {
    if (error instanceof TidegateError && CANNOT_BE_FITTED.includes(error.code)) return undefined;
    throw error;
  }
}
