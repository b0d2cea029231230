// Champion and candidate on two months of StreamFlow, compared with scikit-learn.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { evaluationRows, type Frame, trainingRows } from '../../../domain/data/frame.ts';
import { compare } from '../../../domain/learning/compare/comparison.ts';
import { logisticRegression } from '../../../domain/learning/logistic-regression.ts';
import { scoreRows } from '../../../domain/learning/artifact/score.ts';
import { frameOf, readMonth } from '../cli/demo/read-month.ts';
import { describeWith } from '../drift/oracles.ts';
import { measure } from './measure.ts';
import { compareStreamFlow } from './streamflow-comparison.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/streamflow/', import.meta.url));
const months = ['month_000', 'month_001'];

describeWith(
  months.map((month) => `data/streamflow/${month}/users.csv`),
  'on StreamFlow',
  () => {
    const [before, after] = months.map((month) => frameOf(readMonth(folder + month))) as [Frame, Frame];
    const train = (frame: Frame) =>
      logisticRegression.fit({ frame, rows: trainingRows(frame), options: { seed: 7 } });
    const champion = train(before);
    const candidate = train(after);
    const rows = evaluationRows(after);
    const { difference, ...found } = compare({
      labels: rows.map((row) => after.labels[row]!),
      clusters: rows.map((row) => after.clusters[row]!),
      championScores: scoreRows(champion, after, rows),
      candidateScores: scoreRows(candidate, after, rows),
    });

    // scikit-learn 1.9.1, LogisticRegression(C=1), with the same columns and holdout. Another salt changes the AUCs by 0.03.
    test('both models have the AUC that scikit-learn reaches on the same rows', () => {
      const own = evaluationRows(before);
      const promised = measure(before, own, scoreRows(champion, before, own)).auc!.value;
      expect(promised).toBeCloseTo(0.804805, 4);
      expect(found.champion.auc.value).toBeCloseTo(0.453274, 4);
      expect(found.candidate.auc.value).toBeCloseTo(0.640575, 4);
    });

    test('the champion ranks no better than chance after the change, and the candidate significantly does', () => {
      expect(found.champion.auc.low).toBeLessThan(0.5);
      expect(found.candidate.auc.low).toBeGreaterThan(0.55);
      expect(difference.low).toBeGreaterThan(0.1);
      expect(difference.p).toBeLessThan(1e-4);
    });

    test('the candidate wins on holdout rows, although it never would by comparing each model on its own month', async () => {
      const { onHoldout, asBefore } = await compareStreamFlow();
      expect(onHoldout.comparison.difference).toEqual(difference);
      expect(onHoldout.measures.difference.logLoss.high).toBeLessThan(0);
      expect(onHoldout.measures.baseline.logLoss.value).toBeLessThan(
        onHoldout.measures.champion.logLoss.value,
      );
      expect(onHoldout.slices.find(({ name }) => name === 'fibre')).toMatchObject({ kind: 'named' });
      // Measured on its training rows, the champion looks far better than any candidate can after the change.
      expect(asBefore.champion.auc!.value - asBefore.candidate.auc!.value).toBeGreaterThan(0.1);
      expect(asBefore.champion.auc!.low).toBeGreaterThan(asBefore.candidate.auc!.high);
    });

    test('both fits converge and drop the one feature that is constant', () => {
      for (const { gradientNorm, encoding, coefficients } of [champion, candidate]) {
        expect(gradientNorm).toBeLessThan(1e-6);
        expect(encoding.dropped).toEqual(['avg_session_mins_7d']);
        expect(coefficients.every(Number.isFinite)).toBe(true);
      }
    });
  },
);
