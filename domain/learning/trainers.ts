// Every trainer, by name.
import { TidegateError } from '../errors.ts';
import { logisticRegression } from './logistic-regression.ts';
import { type Trainer } from './trainer.ts';
import { countClasses } from './metrics/class-counts.ts';

/**
 * The share of positives in training, as a model with an intercept only: ln(p / (1 − p)).
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

/** All trainers; a new one is added here by hand. @example trainers.map(({ name }) => name) */
export const trainers: readonly Trainer[] = [logisticRegression, baseline];

/**
 * The trainer of a name.
 *
 * @throws TidegateError INVALID_DEFINITION where there is none
 * @example trainerNamed('logistic-regression').fit({ frame, rows, options: { seed: 7 } })
 */
export function trainerNamed(name: string): Trainer {
  const trainer = trainers.find((candidate) => candidate.name === name);
  if (trainer) return trainer;
  const known = trainers.map((candidate) => candidate.name).join(', ');
  throw new TidegateError('INVALID_DEFINITION', `no trainer is named "${name}"; there are ${known}`);
}
