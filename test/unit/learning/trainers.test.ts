// Every trainer, and the scores of its artifacts.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { type ErrorCode, TidegateError } from '../../../domain/errors.ts';
import { type Frame, NO_LABEL, recordAt } from '../../../domain/data/frame.ts';
import { auc } from '../../../domain/data/math/auc.ts';
import { baseline, trainerNamed, trainers } from '../../../domain/learning/trainers.ts';
import { extremeRecords } from '../../../domain/learning/encode/encoding.ts';
import { logisticRegression } from '../../../domain/learning/logistic-regression.ts';
import { scoreRecord, scoreRows } from '../../../domain/learning/artifact/score.ts';
import { type TrainingOptions } from '../../../domain/learning/trainer.ts';
import { frameOf } from '../drift/frame-of.ts';
import { allRows, signalFrame } from './labelled-frame.ts';

const options: TrainingOptions = { seed: 7 };
const fit = (frame: Frame, more: Partial<TrainingOptions> = {}) =>
  logisticRegression.fit({ frame, rows: allRows(frame), options: { ...options, ...more } });

function refusal(work: () => unknown): TidegateError {
  try {
    work();
  } catch (error) {
    if (error instanceof TidegateError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const withLabels = (labels: readonly number[]): Frame =>
  frameOf({ x: labels.map((_, row) => Math.sin(row)) }, labels);
const ofEach = (positives: number, negatives: number): number[] => [
  ...new Array<number>(positives).fill(1),
  ...new Array<number>(negatives).fill(0),
];

describe('every trainer', () => {
  test.each(trainers.map((trainer) => [trainer.name, trainer] as const))(
    '%s is found by its name',
    (name, trainer) => {
      expect(trainerNamed(name)).toBe(trainer);
    },
  );

  test('an unknown name is refused with a list of the known ones', () => {
    const error = refusal(() => trainerNamed('oracle'));
    expect(error.code).toBe('INVALID_DEFINITION');
    expect(error.message).toContain('logistic-regression, baseline');
  });

  const refused: [string, number[], ErrorCode][] = [
    ['only positives', ofEach(100, 0), 'ONE_CLASS'],
    ['only negatives', ofEach(0, 100), 'ONE_CLASS'],
    ['49 positives', ofEach(49, 100), 'TOO_FEW_LABELS'],
    ['49 negatives', ofEach(100, 49), 'TOO_FEW_LABELS'],
    ['no row', [], 'TOO_FEW_LABELS'],
    ['a row without label', [...ofEach(60, 60), NO_LABEL], 'TOO_FEW_LABELS'],
  ];
  for (const trainer of trainers) {
    test.each(refused)(`${trainer.name} refuses %s`, (_, labels, code) => {
      const frame = withLabels(labels);
      expect(refusal(() => trainer.fit({ frame, rows: allRows(frame), options })).code).toBe(code);
    });

    test(`${trainer.name} accepts 50 rows of each class, and fewer if the options say so`, () => {
      const enough = withLabels(ofEach(50, 50));
      expect(trainer.fit({ frame: enough, rows: allRows(enough), options }).positives).toBe(50);
      const few = withLabels(ofEach(5, 50));
      expect(
        trainer.fit({ frame: few, rows: allRows(few), options: { seed: 7, minPositives: 5 } }).positives,
      ).toBe(5);
    });

    test(`${trainer.name} returns the same bytes ten times, and they are the same after a round trip through JSON`, () => {
      const frame = signalFrame();
      const bytes = Array.from({ length: 10 }, () =>
        JSON.stringify(trainer.fit({ frame, rows: allRows(frame), options })),
      );
      const digests = new Set(bytes.map((text) => createHash('sha256').update(text).digest('hex')));
      expect(digests.size).toBe(1);
      expect(canonicalJson(JSON.parse(bytes[0]!))).toBe(
        canonicalJson(trainer.fit({ frame, rows: allRows(frame), options })),
      );
    });
  }

  test('the artifact contains the seed', () => {
    expect(fit(signalFrame(), { seed: 12 }).seed).toBe(12);
  });
});

describe('the baseline', () => {
  test('scores every row with the share of positives', () => {
    const frame = withLabels(ofEach(60, 180));
    const artifact = baseline.fit({ frame, rows: allRows(frame), options });
    expect(artifact.prior).toBe(0.25);
    expect([...scoreRows(artifact, frame, Uint32Array.of(0, 100))]).toEqual([
      expect.closeTo(0.25, 14),
      expect.closeTo(0.25, 14),
    ]);
  });
});

describe('logistic regression', () => {
  test('gives the positive class higher scores', () => {
    const frame = signalFrame();
    const artifact = fit(frame);
    expect(auc(frame.labels, scoreRows(artifact, frame, allRows(frame)))).toBeGreaterThan(0.75);
    expect(artifact.coefficients[1]).toBeGreaterThan(0.8);
  });

  test('has a mean score equal to the share of positives on its training rows, because the intercept is not penalised', () => {
    const frame = signalFrame();
    const scores = scoreRows(fit(frame), frame, allRows(frame));
    const positives = frame.labels.reduce((sum, label) => sum + label, 0);
    expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(positives, 2);
  });

  test('learns only from the given rows', () => {
    const frame = signalFrame();
    const rows = allRows(frame).filter((row) => row % 5 !== 0);
    const labels = frame.labels.map((label, row) => (row % 5 === 0 ? 1 - label : label));
    const tampered = { ...frame, labels };
    expect(logisticRegression.fit({ frame: tampered, rows, options })).toEqual(
      logisticRegression.fit({ frame, rows, options }),
    );
  });

  test('scores with the prior if every feature is constant', () => {
    const frame = frameOf({ x: new Array<number>(200).fill(3) }, ofEach(50, 150));
    const artifact = fit(frame);
    expect(artifact.encoding.dropped).toEqual(['x']);
    expect(scoreRecord(artifact, { x: 3 })).toEqual({
      score: expect.closeTo(0.25, 6) as number,
      missing: [],
    });
  });

  test('reports separation and the feature if the classes are perfectly separated', () => {
    const x = Float64Array.from({ length: 200 }, (_, row) => row - 99.5);
    const frame = frameOf(
      { leak: x },
      [...x].map((value) => Number(value > 0)),
    );
    const error = refusal(() => fit(frame, { l2: 0 }));
    expect(error.code).toBe('NOT_CONVERGED');
    expect(error.message).toMatch(
      /^the classes are perfectly separated, .* leak has the largest coefficient/,
    );
  });

  test('converges on separated classes if there is a penalty', () => {
    const x = Float64Array.from({ length: 200 }, (_, row) => row - 99.5);
    const frame = frameOf(
      { x },
      [...x].map((value) => Number(value > 0)),
    );
    expect(fit(frame, { l2: 1 }).gradientNorm).toBeLessThan(1e-6);
  });

  test('handles values at the ends of the number range', () => {
    const { features, labels, rows } = signalFrame();
    const wild = Float64Array.from({ length: rows }, (_, row) => [1e308, -1e308, NaN, Infinity][row % 4]!);
    const frame = { ...frameOf({ wild }, [...labels]), rows };
    const artifact = fit({ ...frame, features: [...features, ...frame.features] });
    expect(artifact.coefficients.every(Number.isFinite)).toBe(true);
  });

  test('handles 10,000 categories', () => {
    const rows = 10_000;
    const frame = frameOf(
      {
        k: Array.from({ length: rows }, (_, row) => `value ${row}`),
        x: Array.from({ length: rows }, (_, row) => row % 7),
      },
      Array.from({ length: rows }, (_, row) => Number(row % 7 > 3)).map((label, row) =>
        row % 11 === 0 ? 1 - label : label,
      ),
    );
    expect(fit(frame).coefficients).toHaveLength(1 + 200 + 1 + 1);
  });
});

describe('scores', () => {
  const frame = signalFrame();
  const artifact = fit(frame);

  test('of a record are bit for bit those of its row', () => {
    const scores = scoreRows(artifact, frame, allRows(frame));
    scores.forEach((score, row) => expect(scoreRecord(artifact, recordAt(frame, row)).score).toBe(score));
  });

  test('of many rows are those of each row scored separately', () => {
    const rows = Uint32Array.from({ length: 10_000 }, (_, index) => index % frame.rows);
    const together = scoreRows(artifact, frame, rows);
    const once = scoreRows(artifact, frame, allRows(frame));
    expect(together).toEqual(Float64Array.from(rows, (row) => once[row]!));
  });

  test('are the same after the artifact is stored and read', () => {
    const reloaded = JSON.parse(JSON.stringify(artifact)) as typeof artifact;
    expect(scoreRows(reloaded, frame, allRows(frame))).toEqual(scoreRows(artifact, frame, allRows(frame)));
  });

  test('of extreme records are probabilities', () => {
    for (const { record } of extremeRecords(frame)) {
      const { score } = scoreRecord(artifact, record);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
    expect(scoreRecord(artifact, { signal: 1e308, noise: -1e308, plan: 'pro' }).score).not.toBeNaN();
  });

  test('list the features without a value, in the order of the frame', () => {
    expect(scoreRecord(artifact, { noise: 1 }).missing).toEqual(['signal', 'plan']);
    expect(scoreRecord(artifact, recordAt(frame, 0)).missing).toEqual([]);
  });
});
