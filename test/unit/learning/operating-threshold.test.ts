// The operating threshold: by cost, rate, precision, recall or a given score.
import { describe, expect, test } from 'vitest';
import { TidegateError } from '../../../domain/errors.ts';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import { type ThresholdPolicy } from '../../../domain/model/schema/training-schema.ts';
import {
  chooseThreshold,
  describeThreshold,
  type ThresholdRows,
} from '../../../domain/learning/artifact/operating-threshold.ts';
import churn from '../../../models/churn.ts';
import { randomOf } from '../drift/frame-of.ts';

const random = randomOf(8);
const scores = Float64Array.from({ length: 5_000 }, () => random());
/** Rows whose scores are their probabilities. */
const rows: ThresholdRows = { scores, labels: scores.map((score) => Number(random() < score)) };

const totalCost = (cut: number, falsePositive: number, falseNegative: number): number =>
  scores.reduce((sum, score, row) => {
    const yes = score >= cut;
    if (yes && rows.labels[row] === 0) return sum + falsePositive;
    return yes || rows.labels[row] === 0 ? sum : sum + falseNegative;
  }, 0);

test('by cost: no other threshold costs less, and it is that of the formula for calibrated probabilities', () => {
  const { cut, outOfFold } = chooseThreshold({ cost: { falsePositive: 1, falseNegative: 4 } }, rows);
  const least = Math.min(...[...scores, 0].map((score) => totalCost(score, 1, 4)));
  expect(totalCost(cut, 1, 4)).toBe(least);
  expect(outOfFold!.cost).toBeCloseTo(least / 5_000, 12);
  // Elkan 2001: falsePositive / (falsePositive + falseNegative).
  expect(cut).toBeGreaterThan(0.15);
  expect(cut).toBeLessThan(0.25);
});

test('by rate: as many rows as allowed get a yes, and not more', () => {
  const { outOfFold } = chooseThreshold({ rate: 0.1 }, rows);
  expect(outOfFold!.rate).toBe(0.1);
});

test('by precision: the threshold with the largest recall that reaches it', () => {
  const { cut, outOfFold } = chooseThreshold({ precision: 0.8 }, rows);
  expect(outOfFold!.precision).toBeGreaterThanOrEqual(0.8);
  const lower = [...scores].filter((score) => score < cut);
  for (const other of lower) {
    const yes = [...scores.keys()].filter((row) => scores[row]! >= other);
    const hits = yes.filter((row) => rows.labels[row] === 1).length;
    if (hits / yes.length >= 0.8) expect.fail(`${other} has a precision of 0.8 and more recall`);
    if (other < cut - 0.05) break;
  }
});

test('by recall: the highest threshold that reaches it', () => {
  const { outOfFold } = chooseThreshold({ recall: 0.9 }, rows);
  const positives = outOfFold!.positives;
  expect(outOfFold!.recall).toBeGreaterThanOrEqual(0.9);
  expect(outOfFold!.recall).toBeLessThan(0.9 + 1.5 / positives);
});

test('a given score is used, with or without rows to measure it on', () => {
  expect(chooseThreshold({ value: 0.3 }, null)).toEqual({
    policy: { value: 0.3 },
    cut: 0.3,
    outOfFold: null,
  });
  const { outOfFold } = chooseThreshold({ value: 0.3 }, rows);
  expect(outOfFold!.rate).toBeCloseTo(0.7, 1);
});

describe('an unreachable policy is refused with the best that can be reached:', () => {
  const refusal = (policy: ThresholdPolicy, of: ThresholdRows): TidegateError => {
    try {
      chooseThreshold(policy, of);
    } catch (error) {
      if (error instanceof TidegateError) return error;
    }
    throw new Error('nothing was refused');
  };

  test('a precision', () => {
    const noise = { ...rows, labels: scores.map((_, row) => Number(row % 4 === 0)) };
    const error = refusal({ precision: 0.99 }, noise);
    expect(error.code).toBe('THRESHOLD_UNREACHABLE');
    expect(error.message).toMatch(
      /^no threshold that says yes to at least 20 rows reaches a precision of 0\.99: the best is 0\.\d+, with a recall of 0\.\d+$/,
    );
  });

  test('a precision that only a few rows reach by chance', () => {
    const lucky = { scores, labels: scores.map((score) => Number(score > 0.999 || random() < 0.2)) };
    expect(refusal({ precision: 0.99 }, lucky).code).toBe('THRESHOLD_UNREACHABLE');
  });

  test('a rate among equal scores', () => {
    const equal = { ...rows, scores: scores.map(() => 0.5) };
    expect(refusal({ rate: 0.1 }, equal).message).toBe(
      'a rate of 0.1 cannot be reached: 100 % of the rows share the highest score',
    );
  });
});

describe('rows of equal score', () => {
  const equal = (score: number): ThresholdRows => ({
    scores: new Float64Array(100).fill(score),
    labels: ramp,
  });
  const ramp = Array.from({ length: 100 }, (_, row) => Number(row < 30));

  test.each([0, 1e-300, 0.4, 1])('%s get the same answer, the one that costs less', (score) => {
    const yes = chooseThreshold({ cost: { falsePositive: 1, falseNegative: 9 } }, equal(score));
    expect(yes.cut).toBeGreaterThanOrEqual(0);
    expect(yes.cut).toBeLessThanOrEqual(1);
    expect(yes.outOfFold!.rate).toBe(1);
    const no = chooseThreshold({ cost: { falsePositive: 9, falseNegative: 1 } }, equal(score));
    expect(no.outOfFold!.rate).toBe(score === 1 ? 1 : 0);
  });

  test('reach the requested recall', () => {
    expect(chooseThreshold({ recall: 0.8 }, equal(0.4)).outOfFold).toMatchObject({
      recall: 1,
      precision: 0.3,
    });
  });
});

test('a rate of 0 or 1 and a mistake without a cost are refused when the definition is applied', () => {
  const define = (threshold: unknown) => () =>
    parseDefinition({ ...churn, training: { ...churn.training, threshold } });
  for (const wrong of [
    { rate: 0 },
    { rate: 1 },
    { value: 0 },
    { precision: 1.1 },
    { recall: 0 },
    { cost: { falsePositive: 0, falseNegative: 1 } },
    { cost: { falsePositive: 1 } },
    { rate: 0.1, recall: 0.5 },
    0.5,
  ]) {
    expect(define(wrong), JSON.stringify(wrong)).toThrow(/training.threshold/);
  }
  expect(define({ recall: 1 })).not.toThrow();
});

test('the description of a threshold says what it does', () => {
  expect(describeThreshold(chooseThreshold({ rate: 0.1 }, rows))).toMatch(
    /^says yes from 0\.\d{3} on \(rate 0\.1\): out of fold, to 10 % of rows with precision 0\.\d{3} and recall 0\.\d{3}$/,
  );
  expect(describeThreshold(chooseThreshold({ value: 0.3 }, null))).toBe('says yes from 0.300 on (value 0.3)');
});
