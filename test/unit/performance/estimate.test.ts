// Estimated performance: the published example, NannyML's numbers, and when there is no estimate.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cbpeCases } from '../../../bench/cbpe-cases.ts';
import { auc } from '../../../domain/data/math/auc.ts';
import { chooseCalibrator } from '../../../domain/performance/calibrator.ts';
import {
  accuracySamplingError,
  aucSamplingError,
  CAVEAT,
  type EstimatedMetric,
  type EstimatedPerformance,
  estimatePerformance,
  f1SamplingError,
  minimumRows,
  standardError,
} from '../../../domain/performance/estimate-performance.ts';
import {
  accuracyOf,
  expectedAuc,
  expectedConfusion,
  f1Of,
} from '../../../domain/performance/expected-confusion.ts';
import { applyIsotonic, fitIsotonic } from '../../../domain/data/math/isotonic.ts';
import { describeEstimate, describePerformance } from '../../../domain/decisions/report.ts';

const nannyml = JSON.parse(readFileSync(new URL('nannyml.json', import.meta.url), 'utf8')) as {
  cases: ({ calibrated: boolean } & Record<'auc' | 'accuracy' | 'f1', Record<string, number>>)[];
};

const estimated = (at: number): EstimatedPerformance => {
  const { reference, window } = cbpeCases()[at]!;
  const found = estimatePerformance(reference, window, 7);
  if (!found.measured) throw new Error(found.reason);
  return found;
};

const p = Float64Array.of(0.9, 0.8, 0.7, 0.35, 0.3, 0.1);

describe('expected metrics', () => {
  test('agree with the published example to 1e-9', () => {
    expect(expectedAuc(p, p)).toBeCloseTo(0.8258145363, 9);
    const confusion = expectedConfusion(p, p, 0.5);
    expect(accuracyOf(confusion)).toBeCloseTo(0.775, 12);
    expect(f1Of(confusion)).toBeCloseTo(0.7804878049, 9);
    expect(confusion.truePositives).toBeCloseTo(2.4, 12);
    expect(confusion.falseNegatives).toBeCloseTo(0.75, 12);
  });

  test('do not depend on the order of the rows, ties included', () => {
    const rows = fc.array(
      fc.tuple(fc.constantFrom(0.1, 0.4, 0.4, 0.7), fc.double({ min: 0, max: 1, noNaN: true })),
      {
        minLength: 2,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(rows, (drawn) => {
        const of = (order: typeof drawn): number | null =>
          expectedAuc(
            Float64Array.from(order, ([score]) => score),
            order.map(([, probability]) => probability),
          );
        const [one, other] = [of(drawn), of(drawn.toReversed())];
        if (one === null || other === null) expect(one).toBe(other);
        else expect(one).toBeCloseTo(other, 9);
      }),
    );
  });

  test('are the actual metrics if labels are given as probabilities', () => {
    const labels = [1, 0, 1, 1, 0, 0];
    expect(expectedAuc(p, labels)).toBeCloseTo(auc(labels, p)!, 12);
    expect(expectedConfusion(p, labels, 0.5)).toEqual({
      truePositives: 2,
      falsePositives: 1,
      falseNegatives: 1,
      trueNegatives: 2,
    });
  });

  test('are null if no row of a class is expected or there is no row', () => {
    expect(expectedAuc(p, [1, 1, 1, 1, 1, 1])).toBeNull();
    expect(expectedAuc(p, [0, 0, 0, 0, 0, 0])).toBeNull();
    expect(expectedAuc(new Float64Array(), [])).toBeNull();
    expect(accuracyOf(expectedConfusion(new Float64Array(), [], 0.5))).toBeNull();
    expect(f1Of(expectedConfusion(Float64Array.of(0.1), [0], 0.5))).toBeNull();
  });
});

describe('isotonic regression', () => {
  test("agrees with scikit-learn's, between points and outside of them", () => {
    // IsotonicRegression(out_of_bounds='clip').fit([.1, .2, .3, .4, .5, .6], [0, 1, 0, 1, 0, 1])
    const curve = fitIsotonic(Float64Array.of(0.6, 0.1, 0.2, 0.3, 0.4, 0.5), [1, 0, 1, 0, 1, 0]);
    expect([...curve.scores]).toEqual([0.1, 0.2, 0.5, 0.6]);
    expect([...curve.probabilities]).toEqual([0, 0.5, 0.5, 1]);
    const found = [...applyIsotonic(curve, Float64Array.of(0, 0.15, 0.35, 0.55, 0.9))];
    [0, 0.25, 0.5, 0.75, 1].forEach((wanted, at) => expect(found[at]).toBeCloseTo(wanted, 12));
  });

  test('averages the labels of equal scores, and is the share of positives for a single score', () => {
    const curve = fitIsotonic(Float64Array.of(0.5, 0.5, 0.5, 0.5), [1, 0, 0, 0]);
    expect([...applyIsotonic(curve, Float64Array.of(0, 0.5, 1))]).toEqual([0.25, 0.25, 0.25]);
  });

  test('never decreases, for any labels', () => {
    const rows = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1 })),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(rows, (drawn) => {
        const { scores, probabilities } = fitIsotonic(
          Float64Array.from(drawn, ([score]) => score),
          drawn.map(([, label]) => label),
        );
        for (let at = 1; at < scores.length; at += 1) {
          expect(scores[at]!).toBeGreaterThan(scores[at - 1]!);
          expect(probabilities[at]!).toBeGreaterThanOrEqual(probabilities[at - 1]!);
        }
      }),
    );
  });
});

describe('the calibration', () => {
  test('is skipped with one class, with perfectly separated classes, and with few rows', () => {
    const scores = Float64Array.from({ length: 200 }, (_, row) => row / 200);
    const kinds = [new Uint8Array(200), Uint8Array.from(scores, (score) => Number(score >= 0.5))].map(
      (labels) => chooseCalibrator(scores, labels, 1).kind,
    );
    expect(kinds).toEqual(['none', 'none']);
    expect(chooseCalibrator(p, [1, 0, 1, 0, 1, 0], 1)).toMatchObject({ kind: 'none', eceBefore: null });
  });

  test('is chosen if it helps, and is the same for the same seed', () => {
    const { scores, labels } = cbpeCases()[2]!.reference;
    const chosen = chooseCalibrator(scores, labels, 7);
    expect(chosen.kind).toBe('isotonic');
    expect(chosen.eceAfter!).toBeLessThan(chosen.eceBefore!);
    expect(chooseCalibrator(scores, labels, 7).eceAfter).toBe(chosen.eceAfter);
  });
});

describe('an estimate', () => {
  test.each(cbpeCases().map(({ name }, at) => [name, at] as const))(
    "is NannyML's, its band and bounds too: %s",
    (_, at) => {
      const found = estimated(at);
      const peer = nannyml.cases[at]!;
      expect(found.calibration).toBe(peer.calibrated ? 'isotonic' : 'none');
      for (const metric of ['auc', 'accuracy', 'f1'] as const) {
        for (const [name, value] of Object.entries(peer[metric])) {
          // NannyML rounds the curve of its AUC to five digits.
          const digits = metric === 'auc' ? 7 : 11;
          expect(found[metric]![name as keyof EstimatedMetric], `${metric} ${name}`).toBeCloseTo(
            value,
            digits,
          );
        }
      }
    },
  );

  test('raises an alarm outside of its bounds and none within', () => {
    expect(estimated(0).auc?.alarm).toBe(false);
    expect(estimated(1).f1).toMatchObject({ alarm: true });
    const { reference } = cbpeCases()[0]!;
    const coin = Float64Array.from({ length: 500 }, (_, row) => 0.5 + row * 1e-6);
    const found = estimatePerformance(reference, coin, 7) as EstimatedPerformance;
    expect(found.auc?.alarm).toBe(true);
    expect(found.auc!.value).toBeLessThan(found.auc!.least);
  });

  test("is made of accuracy and F1 at the version's own threshold", () => {
    const { reference, window } = cbpeCases()[0]!;
    const [at, other] = [undefined, 0.3].map(
      (cut) => estimatePerformance(reference, window, 7, cut) as EstimatedPerformance,
    );
    expect(other!.auc).toEqual(at!.auc);
    expect(other!.accuracy).not.toEqual(at!.accuracy);
    expect(estimatePerformance(reference, window, 7, 0.5)).toEqual(at);
  });

  test('comes with the sentence that it cannot detect concept drift, wherever it is shown', () => {
    const found = estimated(0);
    expect(found.caveat).toBe(CAVEAT);
    expect(CAVEAT).toContain('cannot detect concept drift');
    expect(describeEstimate(found)).toMatch(
      /^AUC 0\.804 \(0\.780 to 0\.828\) without labels on 2000 rows, within 0\.764 to 0\.857/,
    );
    const part = { measured: true, championVersion: 1, realised: null, estimated: found } as const;
    expect(describePerformance(part)).toContain(CAVEAT);
  });

  test('is not made, with a reason, if there are too few rows or the reference has one class', () => {
    const { reference, window } = cbpeCases()[0]!;
    const few = estimatePerformance(reference, window.subarray(0, 320), 7);
    expect(few).toEqual({
      measured: false,
      reason: 'there are 320 holdout rows without a label, but 321 are needed',
    });
    expect(estimatePerformance(reference, window.subarray(0, 321), 7).measured).toBe(true);
    const small = {
      ...reference,
      scores: reference.scores.subarray(0, 200),
      labels: reference.labels.subarray(0, 200),
    };
    expect(estimatePerformance(small, window, 7)).toMatchObject({
      reason: expect.stringMatching(/^the score reference has 200 rows, but \d+ are needed$/) as string,
    });
    const oneClass = { ...reference, labels: new Uint8Array(reference.labels.length) };
    expect(estimatePerformance(oneClass, window, 7)).toEqual({
      measured: false,
      reason: 'all rows of the score reference are of one class',
    });
  });
});

describe('the sampling error', () => {
  test('shrinks with the square root of the rows, and gives the number of rows needed', () => {
    expect(standardError({ deviation: 0.3, share: 0.2 }, 1_000)).toBeCloseTo(0.0212132, 7);
    expect(minimumRows({ deviation: 0.25, share: 0.25 })).toBe(625);
    expect(minimumRows({ deviation: 0.1, share: 0.5 })).toBe(300);
  });

  test('of the AUC is close to the standard deviation over samples of that size', () => {
    const { scores, labels } = cbpeCases()[1]!.reference;
    const parts = Array.from({ length: 10 }, (_, part) =>
      auc(labels.subarray(500 * part, 500 * part + 500), scores.subarray(500 * part, 500 * part + 500))!,
    );
    const mean = parts.reduce((sum, one) => sum + one, 0) / 10;
    const strayed = Math.sqrt(parts.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 9);
    const said = standardError(aucSamplingError(scores, labels)!, 500);
    expect(said / strayed).toBeGreaterThan(0.5);
    expect(said / strayed).toBeLessThan(2);
  });

  test('of the AUC does not depend on the order of rows of equal score', () => {
    const { scores, labels } = cbpeCases()[1]!.reference;
    const tied = scores.map((score) => Math.round(20 * score) / 20);
    const error = aucSamplingError(tied, labels)!;
    const reversed = aucSamplingError(tied.toReversed(), labels.toReversed())!;
    expect(reversed.deviation).toBeCloseTo(error.deviation, 12);
    // Pairs of equal score count half: the result is between those of the two orders.
    const ordered = [1e-9, -1e-9].map(
      (step) =>
        aucSamplingError(
          tied.map((score, row) => score + step * labels[row]!),
          labels,
        )!.deviation,
    );
    expect(error.deviation).toBeGreaterThan(Math.min(...ordered));
    expect(error.deviation).toBeLessThan(Math.max(...ordered));
  });

  test('is null without a class or without a row', () => {
    expect(aucSamplingError(p, [1, 1, 1, 1, 1, 1])).toBeNull();
    expect(accuracySamplingError(new Float64Array(), [], 0.5)).toBeNull();
    expect(f1SamplingError(Float64Array.of(0.1), [0], 0.5)).toBeNull();
  });
});
