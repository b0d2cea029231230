// Scores for a version's score reference: on holdout rows, or out of fold where these are few.
import { TidegateError } from '../../domain/errors.ts';
import { type Artifact } from '../../domain/learning/artifact.ts';
import { foldsOf } from '../../domain/learning/folds.ts';
import { evaluationRows } from '../../domain/learning/rows.ts';
import { scoreRows } from '../../domain/learning/score.ts';
import {
  freezeScores,
  type ScoreReference,
  type ScoreSource,
} from '../../domain/performance/score-reference.ts';
import { type ThreadControl } from './run-thread.ts';
import { CANNOT_BE_FITTED } from './cannot-be-fitted.ts';
import { trainInThread, type TrainingInput } from './train-in-thread.ts';

/** From so many labelled holdout rows on they alone are the reference. */
const ENOUGH_HELD_OUT = 1_000;

/** Training rows that are scored out of fold, about. */
const MOST_DEALT = 20_000;

/**
 * The score reference of a version that was just trained.
 *
 * Where fewer than 1,000 holdout rows are labelled, the training rows (at most 20,000 of them, whole clusters) are dealt
 * into five folds by cluster, and each is scored by a model fitted on the others. Where that cannot be done, the holdout
 * rows that there are serve; without any there is no reference.
 *
 * @throws the signal's reason when aborted
 */
export async function scoreTraining(
  input: TrainingInput,
  artifact: Artifact,
  control: ThreadControl,
): Promise<ScoreReference | null> {
  const { frame, options } = input;
  const held = evaluationRows(frame);
  if (held.length < ENOUGH_HELD_OUT) {
    const scored = await outOfFold(input, control);
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
  control: ThreadControl,
): Promise<{ rows: Uint32Array; scores: Float64Array } | undefined> {
  const { frame } = input;
  const { folds } = foldsOf(frame, input.rows, { seed: input.options.seed, mostRows: MOST_DEALT });
  const scores = new Map<number, number>();
  try {
    for (const { inside, outside } of folds) {
      // The whole had enough of each class; a fold may have a few less.
      const options = { ...input.options, minPositives: 1 };
      const model = await trainInThread({ ...input, rows: inside, options }, control);
      scoreRows(model, frame, outside).forEach((score, at) => scores.set(outside[at]!, score));
    }
  } catch (error) {
    if (error instanceof TidegateError && CANNOT_BE_FITTED.includes(error.code)) return undefined;
    throw error;
  }
  if (scores.size === 0) return undefined;
  const rows = Uint32Array.from(scores.keys()).sort();
  return { rows, scores: Float64Array.from(rows, (row) => scores.get(row)!) };
}
