// Explanations, feature usage and permutation importance.
import { describe, expect, test } from 'vitest';
import { recordAt } from '../../../domain/data/frame.ts';
import { baseline } from '../../../domain/learning/trainers.ts';
import { explainRecord } from '../../../domain/learning/artifact/explain.ts';
import { usage } from '../../../domain/learning/artifact/feature-effects.ts';
import { logisticRegression } from '../../../domain/learning/logistic-regression.ts';
import { permutationImportance } from '../../../domain/learning/compare/permutation-importance.ts';
import { scoreRecord, scoreRows } from '../../../domain/learning/artifact/score.ts';
import { frameOf } from '../drift/frame-of.ts';
import { allRows, signalFrame } from './labelled-frame.ts';

const frame = signalFrame();
const artifact = logisticRegression.fit({ frame, rows: allRows(frame), options: { seed: 1 } });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('an explanation', () => {
  test('adds up to the log-odds of the score', () => {
    for (const row of [0, 17, 599]) {
      const { score, base, contributions } = explainRecord(artifact, recordAt(frame, row));
      expect(score).toBe(scoreRecord(artifact, recordAt(frame, row)).score);
      const logOdds = Math.log(score / (1 - score));
      expect(base + sum(contributions.map((one) => one.logOdds))).toBeCloseTo(logOdds, 9);
    }
  });

  test('has contributions that average to zero over the training rows', () => {
    const all = Array.from({ length: frame.rows }, (_, row) => explainRecord(artifact, recordAt(frame, row)));
    for (const { name } of frame.features) {
      const parts = all.map(
        ({ contributions }) => contributions.find(({ feature }) => feature === name)!.logOdds,
      );
      expect(sum(parts) / parts.length).toBeCloseTo(0, 9);
    }
  });

  test('names the largest contribution first', () => {
    const { contributions } = explainRecord(artifact, { signal: 5, noise: 0, plan: 'basic' });
    expect(contributions[0]!.feature).toBe('signal');
    expect(contributions[0]!.logOdds).toBeGreaterThan(3);
  });

  test('covers missing and unseen values', () => {
    const { contributions, score } = explainRecord(artifact, { plan: 'never seen' });
    expect(Number.isFinite(score)).toBe(true);
    expect(contributions.map(({ feature }) => feature).sort()).toEqual(['noise', 'plan', 'signal']);
  });

  test('has no contributions for a model without features', () => {
    const prior = baseline.fit({ frame, rows: allRows(frame), options: { seed: 1 } });
    const { base, contributions } = explainRecord(prior, { signal: 5 });
    expect(contributions).toEqual([]);
    expect(base).toBe(prior.coefficients[0]);
  });
});

describe('the usage of a feature by a model', () => {
  test('is a share, largest for the feature that determines the label', () => {
    const shares = usage(artifact.effects);
    expect(sum(Object.values(shares))).toBeCloseTo(1, 12);
    expect(shares.signal).toBeGreaterThan(0.5);
    expect(shares.noise).toBeLessThan(0.15);
  });

  test('is equal for all features if none has an effect', () => {
    const effects = ['a', 'b'].map((feature) => ({ feature, center: 0, spread: 0 }));
    expect(usage(effects)).toEqual({ a: 0.5, b: 0.5 });
  });
});

describe('permutation importance', () => {
  const score = (other: typeof frame, rows: Uint32Array) => scoreRows(artifact, other, rows);

  test('is largest for the feature that determines the label, and about zero for noise', async () => {
    const [first, ...rest] = await permutationImportance(frame, allRows(frame), score, { seed: 1 });
    expect(first!.feature).toBe('signal');
    expect(first!.importance).toBeGreaterThan(0.1);
    expect(Math.abs(rest.find(({ feature }) => feature === 'noise')!.importance)).toBeLessThan(0.02);
  });

  test('is the same for the same seed, and does not change the frame', async () => {
    const before = structuredClone(frame.features);
    const once = await permutationImportance(frame, allRows(frame), score, { seed: 1 });
    expect(await permutationImportance(frame, allRows(frame), score, { seed: 1 })).toEqual(once);
    expect(await permutationImportance(frame, allRows(frame), score, { seed: 2 })).not.toEqual(once);
    expect(frame.features).toEqual(before);
  });

  test('is exactly zero for a feature that the model does not use', async () => {
    const constant = frameOf({ x: [1, 1, 1, 1], y: [1, 2, 3, 4] }, [0, 1, 0, 1]);
    const byY = (other: typeof frame, rows: Uint32Array) => {
      const y = other.features[1]!;
      return Float64Array.from(rows, (row) => (y.kind === 'numeric' ? y.values[row]! : 0));
    };
    const found = await permutationImportance(constant, allRows(constant), byY, { seed: 3 });
    expect(found.find(({ feature }) => feature === 'x')).toEqual({ feature: 'x', importance: 0, spread: 0 });
  });

  test('is empty if there is only one class', async () => {
    const one = frameOf({ x: [1, 2] }, [1, 1]);
    expect(await permutationImportance(one, allRows(one), () => Float64Array.of(0, 1), { seed: 1 })).toEqual(
      [],
    );
  });
});
