// Wrong or too few labels: no candidate trained on them is promoted, and each kind has its own outcome.
import { describe, expect, test } from 'vitest';
import { evaluationRows, type Frame, trainingRows } from '../../../domain/data/frame.ts';
import { chooseRecipe } from '../../../domain/learning/choose-recipe.ts';
import { crossValidate } from '../../../domain/learning/cross-validate.ts';
import { logisticRegression } from '../../../domain/learning/logistic-regression.ts';
import { linearScorer } from '../../../domain/learning/artifact/scorer.ts';
import { measureComparison } from '../../../domain/learning/compare/side-by-side.ts';
import { planTraining } from '../../../domain/learning/plan-training.ts';
import { scoreRows } from '../../../domain/learning/artifact/score.ts';
import { type TrainingOptions } from '../../../domain/learning/trainer.ts';
import { type ComparisonBody } from '../../../domain/decisions/comparison-body.ts';
import { decidePromotion, type PromotionDecision } from '../../../domain/decisions/decide-promotion.ts';
import { promotionFacts } from '../../../domain/decisions/promotion-facts.ts';
import { type PromotionPolicy } from '../../../domain/decisions/promotion-rules.ts';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { Random } from '../../../domain/random.ts';
import { sampleDefinition } from '../../helpers/sample-model.ts';
import { heldOut, rowsOf, signalFrame } from './labelled-frame.ts';

const policy: PromotionPolicy = {
  minDelta: 0.005,
  rule: 'superiority',
  margin: 0.01,
  logLossTolerance: 0.05,
};

/** Trains on the rows outside the holdout, and compares with the class prior or with given scores on the holdout. */
async function judge(
  learnt: Frame,
  {
    on = learnt,
    champion,
    options,
  }: {
    on?: Frame;
    champion?: (rows: Uint32Array) => Float64Array;
    options?: Partial<TrainingOptions>;
  } = {},
): Promise<{ body: ComparisonBody; decision: PromotionDecision }> {
  const candidate = logisticRegression.fit({
    frame: learnt,
    rows: trainingRows(learnt),
    options: { seed: 1, ...options },
  });
  const rows = evaluationRows(on);
  const frame = rowsOf(on, rows);
  const candidateScores = scoreRows(candidate, on, rows);
  const { comparison, ...measured } = await measureComparison(
    {
      frame,
      prior: candidate.prior,
      candidateScores,
      championScores: champion?.(rows) ?? new Float64Array(rows.length).fill(candidate.prior),
      cuts: { champion: 0.5, candidate: 0.5 },
      named: [],
      seed: 1,
    },
    linearScorer(candidate),
  );
  const body: ComparisonBody = {
    ...comparison,
    ...measured,
    window: { from: '2024-01-01T00:00:00.000Z', to: '2024-02-01T00:00:00.000Z' },
    datasetDigest: 'd',
    candidateScoresDigest: 's',
    leakedClusters: 0,
  };
  // canonicalJson throws for NaN and infinities, because everything that is stored must be JSON.
  expect(canonicalJson(body)).not.toBe('');
  return { body, decision: decidePromotion(promotionFacts(body, champion ? 1 : null), policy) };
}

const half = (frame: Frame): Frame => heldOut(frame, (row) => row % 2 === 1);
const frame = half(signalFrame(1_600, 5));
const relabelled = (of: Frame, label: (row: number) => number): Frame => ({
  ...of,
  labels: Uint8Array.from({ length: of.rows }, (_, row) => label(row)),
});

test('a candidate is promoted with correct labels, so the refusals below are due to the labels', async () => {
  const { decision } = await judge(frame);
  expect(decision).toMatchObject({ promote: true, outcome: 'better' });
});

describe('shuffled labels', () => {
  function shuffled(of: Frame, seed: number): Frame {
    const labels = of.labels.slice();
    const random = new Random(seed, 0, 0);
    for (let last = labels.length - 1; last > 0; last -= 1) {
      const other = random.below(last + 1);
      [labels[last], labels[other]] = [labels[other]!, labels[last]!];
    }
    return { ...of, labels };
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('lead to no promoted candidate (seed %i)', async (seed) => {
    const { decision } = await judge(shuffled(frame, seed));
    expect(decision.promote).toBe(false);
    expect(['not better', 'guard broken']).toContain(decision.outcome);
  });

  test.each([1, 2, 3, 4, 5])('lead to no promoted candidate chosen from a grid (seed %i)', async (seed) => {
    const lies = shuffled(frame, seed);
    const training = sampleDefinition('sample', {
      model: {
        training: {
          trainer: 'logistic-regression',
          window: '1 month',
          seed,
          tune: { l2: [0.01, 0.1, 1, 10, 100, 1_000], classWeight: ['none', 'balanced'] },
        },
      },
    }).training;
    const { plan, folds } = planTraining(lies, training, null);
    const judged = plan.recipes.map(({ l2, classWeight }) => ({
      scores: crossValidate({
        frame: lies,
        rows: trainingRows(lies),
        folds,
        trainer: training.trainer,
        options: { seed, l2, classWeight },
        metric: plan.metric,
      }),
    }));
    const { l2, classWeight } = chooseRecipe(plan, judged, training).chosen;
    const { decision } = await judge(lies, { options: { l2, classWeight } });
    expect(decision.promote).toBe(false);
    expect(['not better', 'guard broken']).toContain(decision.outcome);
  });

  test('lead to no promoted candidate against a champion trained on correct labels', async () => {
    const truth = frame.features[0]!;
    const champion = (rows: Uint32Array) =>
      Float64Array.from(rows, (row) =>
        truth.kind === 'numeric' ? 1 / (1 + Math.exp(-truth.values[row]!)) : 0.5,
      );
    const { decision } = await judge(shuffled(frame, 1), { on: frame, champion });
    expect(decision).toMatchObject({ promote: false });
  });
});

describe('inverted labels', () => {
  const inverted = relabelled(frame, (row) => 1 - frame.labels[row]!);

  test('in the evaluation rows only are reported: the candidate ranks the wrong way round', async () => {
    const { body, decision } = await judge(frame, { on: inverted });
    expect(body.candidate.auc.high).toBeLessThan(0.5);
    expect(decision).toMatchObject({ promote: false, outcome: 'guard broken' });
    expect(decision.reason).toMatch(
      /significantly below 0.5: the candidate ranks the wrong way round.*label\.positive/,
    );
  });

  test('in the whole window raise an alarm: the champion ranks the wrong way round', async () => {
    const known = logisticRegression.fit({ frame, rows: trainingRows(frame), options: { seed: 1 } });
    const { decision } = await judge(inverted, { champion: (rows) => scoreRows(known, frame, rows) });
    expect(decision.alarms).toEqual([expect.stringMatching(/version 1 is significantly below 0.5/)]);
  });
});

describe('too few labels', () => {
  test('of one class on the holdout are not enough evidence', async () => {
    for (const label of [0, 1]) {
      const single = relabelled(frame, (row) => (row % 2 === 1 ? label : frame.labels[row]!));
      const { body, decision } = await judge(single);
      expect(body.difference).toMatchObject({ value: 0, low: -1, high: 1, p: 1 });
      expect(decision).toMatchObject({ promote: false, outcome: 'not enough evidence' });
    }
  });

  test('of one class, or with fewer than 50 positives, are refused before anything is compared', async () => {
    const none = relabelled(frame, (row) => (row % 2 === 0 ? 0 : frame.labels[row]!));
    await expect(judge(none)).rejects.toThrow(/all 800 training rows are negative/);
    const few = relabelled(frame, (row) => (row % 2 === 0 ? Number(row < 98) : frame.labels[row]!));
    await expect(judge(few)).rejects.toThrow(/the training rows have 49 positives/);
  });

  test('with 49 positive clusters on the holdout are not enough evidence, with 50 they are', async () => {
    const rich = half(signalFrame(4_000, 5));
    const keep = (count: number): Frame => {
      let kept = 0;
      return relabelled(rich, (row) => {
        const label = rich.labels[row]!;
        return row % 2 === 0 || label === 0 ? label : Number((kept += 1) <= count);
      });
    };
    expect((await judge(keep(49))).decision.outcome).toBe('not enough evidence');
    expect((await judge(keep(50))).decision.outcome).not.toBe('not enough evidence');
  });
});

describe('scores without information', () => {
  const constant = { ...frame, features: frame.features.map(flat) };
  function flat(column: Frame['features'][number]): Frame['features'][number] {
    return column.kind === 'numeric'
      ? { ...column, values: column.values.map((_, row) => row % 2) }
      : { ...column, codes: column.codes.map(() => 0) };
  }

  test('that are equal for champion and candidate are not better, with p = 1', async () => {
    const known = logisticRegression.fit({ frame, rows: trainingRows(frame), options: { seed: 1 } });
    const { body, decision } = await judge(frame, { champion: (rows) => scoreRows(known, frame, rows) });
    expect(body.difference).toEqual({ value: 0, low: 0, high: 0, z: 0, p: 1 });
    expect(decision).toMatchObject({ promote: false, outcome: 'not better' });
  });

  test('that are constant or heavily tied are not better than the class prior', async () => {
    // Each half has a single value, so all holdout rows are tied.
    const { body, decision } = await judge(constant);
    expect(body.candidate.auc).toMatchObject({ value: 0.5, low: 0.5, high: 0.5 });
    expect(decision).toMatchObject({ promote: false, outcome: 'not better' });
  });
});
