// All trainers, found by name.
import { TidegateError } from '../errors.ts';
import { logisticRegression } from './logistic-regression.ts';
import { type Trainer } from './trainer.ts';
import { countClasses } from './metrics/class-counts.ts';

/**
 * Scores every row with the share p of positives in training: a model whose only coefficient is the intercept ln(p / (1 − p)).
 *
 * @example baseline.fit({ frame, rows: trainingRows(frame), options: { seed: 1 } })
 */
export const baseline: Trainer = {
  name: 'baseline',
  fit({ frame, rows, options, onProgress }) {
    const { positives, negatives, prior } = countClasses(frame, rows, options.minPositives);
    onProgress?.(1);
    return {
      format: 1,
      trainer: 'baseline',
      seed: options.seed,
      encoding: { columns: [], dropped: [] },
      coefficients: [Math.log(positives / negatives)],
      effects: [],
      prior,
      l2: 0,
      steps: 0,
      gradientNorm: 0,
      trainedRows: rows.length,
      positives,
    };
  },
};

/** All trainers. Add a new one here. @example trainers.map(({ name }) => name) */
export const trainers: readonly Trainer[] = [logisticRegression, baseline];

/**
 * Returns the trainer with a name.
 *
 * @throws TidegateError INVALID_DEFINITION if there is none
 * @example trainerNamed('logistic-regression').fit({ frame, rows, options: { seed: 7 } })
 */
export function trainerNamed(name: string): Trainer {
  const trainer = trainers.find((candidate) => candidate.name === name);
  if (trainer) return trainer;
  const known = trainers.map((candidate) => candidate.name).join(', ');
  throw new TidegateError('INVALID_DEFINITION', `no trainer is named "${name}"; the trainers are ${known}`);
}
