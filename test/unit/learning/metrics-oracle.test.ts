// Metrics against values computed by scikit-learn and pROC.
import { expect, test } from 'vitest';
import { auc } from '../../../domain/data/math/auc.ts';
import { brier, logLoss } from '../../../domain/learning/metrics/brier.ts';
import { compare } from '../../../domain/learning/compare/comparison.ts';
import { pairedDelong } from '../../../domain/data/math/delong.ts';
import { weightedMeasures } from '../../../domain/learning/metrics/weighted-measures.ts';
import { describeWith, oracle } from '../drift/oracles.ts';

interface Metrics {
  readonly roc_auc: number | null;
  readonly pr_auc_average_precision?: number | null;
  readonly log_loss_sklearn?: number | null;
  readonly brier?: number | null;
}
interface Delong {
  readonly error?: string;
  readonly auc_a: number;
  readonly auc_b: number;
  readonly var_a: number;
  readonly var_b: number;
  readonly cov_ab: number;
  readonly diff_a_minus_b: number;
  readonly z: number;
  readonly pvalue_two_sided: number;
  readonly ci95_a: readonly [number, number];
  readonly ci95_diff: readonly [number, number];
}
interface Case {
  readonly y: readonly number[];
  readonly p_a: readonly number[];
  readonly p_b: readonly number[];
  readonly metrics_a: Metrics;
  readonly metrics_b: Metrics;
  readonly delong: Delong;
}

const file = 'reference/binary_metrics_and_delong.json';

const averagePrecisionOf = (labels: readonly number[], scores: Float64Array): number =>
  weightedMeasures(labels, scores)(new Float64Array(labels.length).fill(1))[0]!;

describeWith([file], 'metrics agree with scikit-learn and pROC', () => {
  const cases = Object.entries(oracle<{ cases: Record<string, Case> }>(file).cases);
  const within = (value: number, [low, high]: readonly [number, number], least: number) =>
    [value, Math.max(least, low), Math.min(1, high)].map((bound) => expect.closeTo(bound, 9) as number);

  const filled = cases.filter(([, { y }]) => y.length > 0);
  test.each(filled)(
    '%s: AUC, average precision, log loss, Brier',
    (_, { y, p_a, p_b, metrics_a, metrics_b }) => {
      for (const [scores, metrics] of [
        [Float64Array.from(p_a), metrics_a],
        [Float64Array.from(p_b), metrics_b],
      ] as const) {
        if (metrics.roc_auc === null) expect(auc(y, scores)).toBeNull();
        else expect(auc(y, scores)).toBeCloseTo(metrics.roc_auc, 12);
        expect(logLoss(y, scores)).toBeCloseTo(metrics.log_loss_sklearn!, 12);
        expect(brier(y, scores)).toBeCloseTo(metrics.brier!, 12);
        // Without positives scikit-learn returns no precision, or warns.
        if (y.includes(1))
          expect(averagePrecisionOf(y, scores)).toBeCloseTo(metrics.pr_auc_average_precision!, 12);
      }
    },
  );

  const measurable = cases.filter(([, { delong }]) => delong.error === undefined);
  test.each(measurable)('%s: DeLong', (_, { y, p_a, p_b, delong }) => {
    const clusters = y.map((_, row) => row);
    const [a, b] = [Float64Array.from(p_a), Float64Array.from(p_b)];
    const { first, second, spread } = pairedDelong({ labels: y, clusters, first: a, second: b })!;
    expect([first, second]).toEqual([expect.closeTo(delong.auc_a, 12), expect.closeTo(delong.auc_b, 12)]);
    expect([spread!.first, spread!.second, spread!.covariance]).toEqual(
      [delong.var_a, delong.var_b, delong.cov_ab].map((value) => expect.closeTo(value, 12) as number),
    );
    const { candidate, difference } = compare({ labels: y, clusters, candidateScores: a, championScores: b });
    expect(Object.values(candidate.auc)).toEqual(within(delong.auc_a, delong.ci95_a, 0));
    expect([difference.value, difference.low, difference.high]).toEqual(
      within(delong.diff_a_minus_b, delong.ci95_diff, -1),
    );
    expect(difference.z).toBeCloseTo(delong.z, 9);
    expect(difference.p).toBeCloseTo(delong.pvalue_two_sided, 9);
  });

  test('the reference values cover every kind of case', () => {
    expect(filled.length).toBeGreaterThan(5);
    expect(measurable.length).toBeGreaterThan(3);
  });
});
