// Which rows of a frame are for training and which for judging; no row is both.
import { type Frame, NO_LABEL } from '../features/frame.ts';

/** What decides whether a row is for training or for judging. */
export type RowMarks = Pick<Frame, 'rows' | 'labels' | 'holdout'>;

/** Rows to learn from: labelled and not held out, in ascending order. @example fitEncoding(frame, trainingRows(frame)) */
export const trainingRows = (frame: RowMarks): Uint32Array => labelledRows(frame, false);

/** Rows to judge on: labelled and held out, in ascending order. @example scoreRows(artifact, frame, evaluationRows(frame)) */
export const evaluationRows = (frame: RowMarks): Uint32Array => labelledRows(frame, true);

function labelledRows({ rows, labels, holdout }: RowMarks, heldOut: boolean): Uint32Array {
  const chosen = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    if (labels[row] !== NO_LABEL && (holdout[row] === 1) === heldOut) chosen[count++] = row;
  }
  return chosen.slice(0, count);
}
