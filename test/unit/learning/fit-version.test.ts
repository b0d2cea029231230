// Fitting a version with calibration and threshold: from training rows only, and with the same bytes each time.
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../domain/canonical-json.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { type Frame, recordAt, trainingRows } from '../../../domain/data/frame.ts';
import { type Artifact } from '../../../domain/learning/artifact/artifact.ts';
import { fitVersion, type VersionTask } from '../../../domain/learning/fit-version.ts';
import { explainRecord } from '../../../domain/learning/artifact/explain.ts';
import { scoreRecord, scoreRows } from '../../../domain/learning/artifact/score.ts';
import { trainerNamed } from '../../../domain/learning/trainers.ts';
import { allRows, heldOut, signalFrame } from './labelled-frame.ts';

type ScorePolicy = Pick<VersionTask, 'calibration' | 'threshold'>;

const frame = heldOut(signalFrame(1_500), (row) => row % 5 === 0);
const input: VersionTask = {
  frame,
  rows: trainingRows(frame),
  trainer: 'logistic-regression',
  options: { seed: 7, classWeight: { positive: 4, negative: 1 } },
};
const fit = (policy: ScorePolicy, of: Partial<VersionTask> = {}): Artifact =>
  fitVersion({ ...input, ...of, ...policy });
const both: ScorePolicy = {
  calibration: 'auto',
  threshold: { cost: { falsePositive: 1, falseNegative: 5 } },
};

function refusalOf(fitting: () => unknown): TidegateError {
  try {
    fitting();
  } catch (error) {
    if (error instanceof TidegateError) return error;
  }
  throw new Error('nothing was refused');
}

test('a version without calibration and threshold has the bytes of the trainer', () => {
  const { trainer, ...task } = input;
  const bare = digestOf(trainerNamed(trainer).fit(task));
  expect(digestOf(fit({}))).toBe(bare);
  expect(digestOf(fit({ calibration: 'none' }))).toBe(bare);
});

test('ten fits with calibration and threshold have one digest', () => {
  const digests = new Set<string>();
  for (let times = 0; times < 10; times += 1) digests.add(digestOf(fit(both)));
  expect(digests.size).toBe(1);
});

test('no holdout row is read: the bytes are the same with any values in them', () => {
  const poison = <T extends Float64Array | Uint8Array>(values: T, of: number): T =>
    values.map((value, row) => (frame.holdout[row] === 1 ? of : value)) as T;
  const poisoned: Frame = {
    ...frame,
    labels: poison(frame.labels, 1),
    features: frame.features.map((column) =>
      column.kind === 'numeric' ? { ...column, values: poison(column.values, 1e308) } : column,
    ),
  };
  expect(digestOf(fit(both, { frame: poisoned }))).toBe(digestOf(fit(both)));
});

describe('a version whose classes were weighted', () => {
  test('scores rows and records with probabilities once it is calibrated', () => {
    const raw = fit({});
    const version = fit(both);
    expect(version.calibration).toMatchObject({ asked: 'auto', map: { kind: 'platt' } });
    const mean = (artifact: Artifact): number =>
      scoreRows(artifact, frame, input.rows).reduce((sum, score) => sum + score, 0) / input.rows.length;
    expect(Math.abs(mean(version) - raw.prior)).toBeLessThan(0.01);
    expect(mean(raw)).toBeGreaterThan(raw.prior + 0.04);
    const scores = scoreRows(version, frame, allRows(frame));
    for (const row of [0, 7, 1_499]) {
      expect(scoreRecord(version, recordAt(frame, row)).score).toBe(scores[row]);
    }
  });

  test('is explained by log-odds before calibration, and says so', () => {
    const version = fit(both);
    const record = recordAt(frame, 3);
    const { score, scoreBeforeCalibration, base, contributions } = explainRecord(version, record);
    const logOdds = contributions.reduce((sum, one) => sum + one.logOdds, base);
    expect(scoreBeforeCalibration).toBeCloseTo(1 / (1 + Math.exp(-logOdds)), 12);
    expect(score).toBe(scoreRecord(version, record).score);
    expect(score).not.toBe(scoreBeforeCalibration);
    expect(explainRecord(fit({}), record)).not.toHaveProperty('scoreBeforeCalibration');
  });

  test('has the threshold that the costs imply', () => {
    const { threshold } = fit(both);
    expect(threshold!.outOfFold).toMatchObject({ rows: input.rows.length });
    expect(threshold!.cut).toBeGreaterThan(0.08);
    expect(threshold!.cut).toBeLessThan(0.3);
  });
});

test('a given score needs no folds', () => {
  const { threshold, calibration } = fit({ threshold: { value: 0.4 } });
  expect(threshold).toEqual({ policy: { value: 0.4 }, cut: 0.4, outOfFold: null });
  expect(calibration).toBeUndefined();
});

test('an unreachable precision ends the training with the best that can be reached', () => {
  const noise = frame.labels.map((_, row) => Number((row * 7_919) % 3 === 0));
  const error = refusalOf(() => fit({ threshold: { precision: 1 } }, { frame: { ...frame, labels: noise } }));
  expect(error.code).toBe('THRESHOLD_UNREACHABLE');
  expect(error.retryable).toBe(false);
});

describe('if every positive is in one cluster, so that rows cannot be split into folds', () => {
  const clusters = frame.clusters.map((cluster, row) => (frame.labels[row] === 1 ? 0 : cluster + 1));
  const lumped = { frame: { ...frame, clusters } };

  test('auto leaves the scores unchanged and says why', () => {
    const { calibration } = fit({ calibration: 'auto' }, lumped);
    expect(calibration).toMatchObject({ map: { kind: 'none' }, logLoss: null });
    expect(calibration!.why).toMatch(
      /^rows cannot be scored out of fold: even with 2 folds, one would have no rows of a class/,
    );
  });

  test.each<ScorePolicy>([
    { calibration: 'platt' },
    { threshold: { rate: 0.1 } },
    { calibration: 'auto', threshold: { recall: 0.5 } },
  ])('%j is refused', (policy) => {
    const error = refusalOf(() => fit(policy, lumped));
    expect(error).toMatchObject({ code: 'TOO_FEW_LABELS', retryable: false });
    expect(error.message).toContain('rows cannot be scored out of fold');
  });
});

test('scores that are all equal are left unchanged', () => {
  const { calibration, threshold } = fit(
    { calibration: 'auto', threshold: { recall: 0.5 } },
    { trainer: 'baseline', options: { seed: 7 } },
  );
  // The priors of the folds differ slightly, so the scores are unrelated to the label or rank the wrong way round.
  expect(calibration!.map).toEqual({ kind: 'none' });
  expect(threshold!.outOfFold!.recall).toBeGreaterThanOrEqual(0.5);
});

test('reported progress never decreases', () => {
  const reported: number[] = [];
  fitVersion({ ...input, ...both, onProgress: (fraction) => void reported.push(fraction) });
  expect(reported.at(-1)).toBe(1);
  expect(reported).toEqual([...reported].sort((a, b) => a - b));
});
