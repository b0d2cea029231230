// Makes a logistic problem of a frame, and measures how far two solutions are apart.
import { type Frame } from '../../../domain/data/frame.ts';
import { encodeRows } from '../../../domain/learning/encode/encode.ts';
import { encodedWidth } from '../../../domain/learning/encode/encoding.ts';
import { fitEncoding } from '../../../domain/learning/encode/fit-encoding.ts';
import { type LogisticProblem } from '../../../domain/learning/solvers/logistic-problem.ts';
import { allRows } from './labelled-frame.ts';

/** All rows of a frame, encoded. */
export function problemOf(frame: Frame, l2: number): LogisticProblem {
  const encoding = fitEncoding(frame, allRows(frame));
  const matrix = encodeRows(encoding, frame, allRows(frame));
  return { matrix, width: encodedWidth(encoding), labels: frame.labels, l2 };
}

/** Largest difference of a coefficient, relative to the largest coefficient. */
export const distance = (a: Float64Array, b: Float64Array): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / Math.max(...b.map(Math.abs));
