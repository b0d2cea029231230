// The baseline: everybody gets the class prior. What a first version has to beat.
import { countClasses } from './class-counts.ts';
import { type Trainer } from './trainer.ts';

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
