// Checks that there is something to learn.
import { TidegateError } from '../errors.ts';
import { type Frame } from '../features/frame.ts';

/** Fewest rows of each class from which a version is trained. */
export const MIN_PER_CLASS = 50;

/**
 * Counts the positives among some labelled rows.
 *
 * @throws TidegateError ONE_CLASS, TOO_FEW_LABELS
 */
export function countPositives(frame: Frame, rows: Uint32Array): number {
  const positives = rows.reduce((sum, row) => sum + (frame.labels[row] ?? 0), 0);
  const negatives = rows.length - positives;
  if (rows.length > 0 && (positives === 0 || negatives === 0)) {
    throw new TidegateError(
      'ONE_CLASS',
      `all ${rows.length} training rows are ${positives === 0 ? 'negative' : 'positive'}`,
    );
  }
  if (Math.min(positives, negatives) < MIN_PER_CLASS) {
    throw new TidegateError(
      'TOO_FEW_LABELS',
      `the training rows hold ${positives} positives and ${negatives} negatives, and ${MIN_PER_CLASS} of each are needed`,
    );
  }
  return positives;
}
