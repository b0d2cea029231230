// Which rows of a frame are for training, and which are for judging.
import { type Frame, NO_LABEL } from '../features/frame.ts';

/** Labelled rows outside the holdout: the only rows that a version may learn from. */
export const trainingRows = (frame: Frame): Uint32Array => labelledRows(frame, 0);

/** Labelled rows of the holdout: the only rows on which versions are judged. */
export const evaluationRows = (frame: Frame): Uint32Array => labelledRows(frame, 1);

function labelledRows(frame: Frame, holdout: 0 | 1): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row < frame.rows; row += 1) {
    if (frame.labels[row] !== NO_LABEL && frame.holdout[row] === holdout) rows.push(row);
  }
  return Uint32Array.from(rows);
}
