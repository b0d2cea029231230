// Which evaluation decides, and how both are described to a person: only the difference that decided is shown.
import { describe, expect, test } from 'vitest';
import { type Calibration } from '../../../domain/learning/artifact/calibrate.ts';
import { chooseRecipe, type RecipeScores } from '../../../domain/learning/choose-recipe.ts';
import { type TrainingPlan } from '../../../domain/learning/plan-training.ts';
import { type SideBySide } from '../../../domain/learning/compare/side-by-side.ts';
import {
  type ComparisonBody,
  describeComparison,
  evaluationsOf,
  describeEvidence,
} from '../../../domain/decisions/comparison-body.ts';
import { decidePromotion } from '../../../domain/decisions/decide-promotion.ts';
import {
  dueAndFailed,
  notDue,
  type TemporalHoldout,
  type TemporalHoldoutResult,
} from '../../../domain/decisions/temporal-holdout.ts';
import { type Making, promotionFacts } from '../../../domain/decisions/promotion-facts.ts';

const near = (value: number) => ({ value, low: value - 0.01, high: value + 0.01 });
const side = (auc: number, logLoss: number) => ({
  auc: near(auc),
  brier: 0.2,
  logLoss,
  ece: 0.02,
  eceBinning: '10 equal-count bins' as const,
});
const measures = (champion: number, candidate: number): SideBySide => {
  const of = (logLoss: number) => ({
    prAuc: near(0.5),
    logLoss: near(logLoss),
    brier: near(0.2),
    ece: near(0),
  });
  return {
    champion: of(champion),
    candidate: of(candidate),
    baseline: { prior: 0.3, ...of(0.69) },
    difference: of(candidate - champion),
    eceBinning: '10 equal-count bins' as const,
    bootstrap: { replicates: 100, seed: 1, level: 0.95 },
  };
};
/** Better by AUC on unseen entities. */
const body: ComparisonBody = {
  rows: 1_600,
  positives: 600,
  negatives: 1_000,
  positiveClusters: 400,
  negativeClusters: 700,
  clusters: 800,
  alpha: 0.05,
  champion: side(0.695, 0.7),
  candidate: side(0.716, 0.69),
  difference: { ...near(0.021), z: 4, p: 1e-4 },
  measures: measures(0.7, 0.69),
  window: { from: '2024-02-25T00:00:00.000Z', to: '2024-03-25T00:00:00.000Z' },
  datasetDigest: 'd',
  candidateScoresDigest: 's',
  slices: [],
  leakedClusters: 0,
};
const onFuture = (changes: Partial<TemporalHoldoutResult> = {}): TemporalHoldout => ({
  judged: true,
  cut: '2024-03-11T00:00:00.000Z',
  rowTimes: 4,
  trainedRows: 900,
  trainingDigest: 't',
  labelTimes: 'known',
  rows: 812,
  positiveClusters: 300,
  negativeClusters: 400,
  championAuc: near(0.6),
  candidateAuc: near(0.65),
  difference: { ...near(0.05), p: 1e-5 },
  championTrainedUntil: null,
  ...changes,
});
const policy = { minDelta: 0.005, rule: 'superiority', margin: 0.01, logLossTolerance: 0.05 } as const;
const decide = (outOfTime: TemporalHoldout | undefined, making?: Making) =>
  decidePromotion(promotionFacts(outOfTime ? { ...body, outOfTime } : body, 1, making), policy);

describe('the summary for the person who decides', () => {
  test('shows the only difference if there is one evaluation', () => {
    expect(describeEvidence(body, 2, 1)).toBe(
      'AUC of version 2 0.716 (0.706 to 0.726) against 0.695 (0.685 to 0.705) by version 1, ' +
        'difference 0.021 (0.011 to 0.031) on 1600 holdout rows up to 2024-03-25',
    );
  });

  test('shows the difference that decided, and marks the other evaluation as the other', () => {
    const words = describeEvidence({ ...body, outOfTime: onFuture() }, 2, 1);
    expect(words).toBe(
      'AUC of version 2 0.650 (0.640 to 0.660) against 0.600 (0.590 to 0.610) by version 1, ' +
        'difference 0.050 (0.040 to 0.060) on 812 holdout rows after 2024-03-11, decided by entity+time; ' +
        'the other evaluation, by entity on 1600 holdout rows up to 2024-03-25, did not decide: ' +
        'AUC 0.716 (0.706 to 0.726) against 0.695 (0.685 to 0.705)',
    );
    expect(words.match(/difference/g)).toHaveLength(1);
    expect(describeComparison({ ...body, outOfTime: onFuture() }, 2, 1).match(/difference/g)).toHaveLength(1);
  });

  test('shows a temporal holdout that is too small to decide as the other evaluation', () => {
    const { decides, other } = evaluationsOf({ ...body, outOfTime: onFuture({ positiveClusters: 49 }) });
    expect([decides.by, other?.by]).toEqual(['entity', 'entity+time']);
  });
});

describe('the guard on log loss', () => {
  test('uses the rows after the cutoff if these decide, and refuses a worse log loss there even if all rows look good', () => {
    const decision = decide(onFuture({ measures: measures(0.707, 1.099) }));
    expect(decision).toMatchObject({ promote: false, outcome: 'guard broken' });
    expect(decision.reason).toMatch(
      /^log loss is 0\.392 .* above 0\.707 of version 1 on the holdout rows after 2024-03-11, significantly worse/,
    );
    expect(decide(onFuture({ measures: measures(0.707, 0.7) })).promote).toBe(true);
  });

  test('uses all rows for an old comparison that did not measure log loss after the cutoff', () => {
    const guard = decide(onFuture()).rules.find(({ name }) => name === 'calibration guard');
    expect(guard).toMatchObject({ held: true });
    expect(guard?.value).toBeCloseTo(-0.01, 10);
    expect(guard?.words).toContain('on the holdout rows up to 2024-03-25');
  });
});

describe('judgements read from stored data', () => {
  const stateOf = (name: string, making?: Making, outOfTime?: TemporalHoldout) =>
    decide(outOfTime, making).rules.find((rule) => rule.name === name)?.value;
  const making: Making = { leaks: null, tuning: null, calibration: null };

  test('refuse if a temporal holdout was due and failed, but not if it was not due', () => {
    const failed = decide(dueAndFailed('TREES_WORKER_MISSING', 'no trees worker took the fit'));
    expect(failed).toMatchObject({ promote: false, outcome: 'judgement failed' });
    expect(failed.reason).toContain('"temporal holdout" was due and could not be made: TREES_WORKER_MISSING');
    expect(failed.rules[0]).toMatchObject({ name: 'evaluation', value: 'entity' });
    expect(decide(notDue('there is one row time')).promote).toBe(true);
  });

  test('are not applicable and refuse nothing if they were stored in the old form', () => {
    const before = {
      judged: false,
      reason: 'from what was known by 2024-03-11 nothing could be learnt',
    } as const;
    const decision = decide(before);
    expect(decision.promote).toBe(true);
    expect(decision.rules.find(({ name }) => name === 'temporal holdout')).toMatchObject({
      held: true,
      value: 'not applicable',
      words: `not applicable: ${before.reason}`,
    });
    expect(stateOf('leak check')).toBe('not applicable');
  });

  test('refuse if the leak check failed', () => {
    const leaks = {
      then: 'refuse',
      auc: 0.95,
      allow: [],
      rows: 0,
      features: 0,
      alone: [],
      late: null,
    } as const;
    const failed = { code: null, reason: 'activity Heartbeat timeout' };
    expect(stateOf('leak check', { ...making, leaks })).toBe('made');
    expect(stateOf('leak check', { ...making, leaks: { ...leaks, failed } })).toBe('failed');
  });

  test('count a recipe that cannot be trained as judged, one whose judgement failed as not judged, and no remaining recipe as a failure', () => {
    const plan: TrainingPlan = {
      change: null,
      recipes: [
        { window: 'all', l2: 1, classWeight: 'none' },
        { window: 'all', l2: 0, classWeight: 'none' },
      ],
      metric: 'auc',
      judgedRows: 900,
      folds: 2,
      remarks: [],
    };
    const out: RecipeScores = { scores: null, problem: 'the classes are separated' };
    const chosenFrom = (...scores: RecipeScores[]) =>
      stateOf('recipes', { ...making, tuning: chooseRecipe(plan, scores, { l2: 1 }) });
    expect(chosenFrom({ scores: [0.6, 0.7] }, out)).toBe('made');
    expect(chosenFrom({ scores: [0.6, 0.7] }, { ...out, failed: 'TRAINING_THREAD_FAILED' })).toBe('failed');
    expect(chosenFrom({ scores: [0.6, 0.7] }, { ...out, failed: null })).toBe('failed');
    expect(chosenFrom(out, out)).toBe('failed');
  });

  test('count calibration as not applicable if rows cannot be dealt into folds, and as failed if a fold could not be trained', () => {
    const none: Calibration = {
      asked: 'auto',
      map: { kind: 'none' },
      logLoss: null,
      rows: 0,
      positives: 0,
      why: 'fewer than two folds hold both classes',
    };
    const of = (calibration: Calibration) => stateOf('calibration map', { ...making, calibration });
    expect(of(none)).toBe('not applicable');
    expect(of({ ...none, failed: 'NOT_CONVERGED' })).toBe('failed');
    expect(of({ ...none, rows: 900 })).toBe('made');
  });
});
