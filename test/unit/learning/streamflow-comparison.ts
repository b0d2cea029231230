// Compares models of StreamFlow's two months in two ways: on holdout rows, and each on rows of its own month.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { evaluationRows, type Frame, trainingRows } from '../../../domain/data/frame.ts';
import { logisticRegression } from '../../../domain/learning/logistic-regression.ts';
import { measureComparison, type MeasuredComparison } from '../../../domain/learning/compare/side-by-side.ts';
import { linearScorer } from '../../../domain/learning/artifact/scorer.ts';
import { scoreRows } from '../../../domain/learning/artifact/score.ts';
import { type Performance } from '../../../domain/learning/metrics/performance.ts';
import { rowsOf } from './labelled-frame.ts';
import { frameOf, readMonth } from '../cli/demo/read-month.ts';
import { measure } from './measure.ts';

/** Folder of the two months, next to the project. */
export const STREAMFLOW = fileURLToPath(new URL('../../../../shared/data/streamflow/', import.meta.url));

/** Whether the folder has both months. */
export const isStreamFlowThere = (): boolean => existsSync(`${STREAMFLOW}month_001/users.csv`);

/** Results of both ways for a champion of the first month and a candidate of the second. */
export interface TwoWays {
  /** Both models on the holdout rows of the second month. */
  readonly onHoldout: MeasuredComparison;
  /** Each model on rows of its own month, the champion even on its training rows, so that the results are not comparable. */
  readonly asBefore: { readonly champion: Performance; readonly candidate: Performance };
}

/** Trains a model on each month outside the holdout, and compares them in both ways. */
export async function compareStreamFlow(): Promise<TwoWays> {
  const [first, second] = ['month_000', 'month_001'].map((month) =>
    frameOf(readMonth(STREAMFLOW + month)),
  ) as [Frame, Frame];
  const learn = (frame: Frame) =>
    logisticRegression.fit({ frame, rows: trainingRows(frame), options: { seed: 7 } });
  const [champion, candidate] = [learn(first), learn(second)];
  const rows = evaluationRows(second);
  const candidateScores = scoreRows(candidate, second, rows);
  const onHoldout = await measureComparison(
    {
      frame: rowsOf(second, rows),
      championScores: scoreRows(champion, second, rows),
      candidateScores,
      prior: candidate.prior,
      cuts: { champion: 0.5, candidate: 0.5 },
      named: [{ name: 'fibre', where: { net_service: 'Fiber optic' } }],
      seed: 7,
    },
    linearScorer(candidate),
  );
  const learnt = trainingRows(first);
  return {
    onHoldout,
    asBefore: {
      champion: measure(first, learnt, scoreRows(champion, first, learnt)),
      candidate: measure(second, rows, candidateScores),
    },
  };
}
