// The card of an old version, for which little was measured: it is readable and says what is missing.
import { expect, test } from 'vitest';
import { cardInMarkdown } from '../../../../domain/decisions/card/card-in-markdown.ts';
import { type CardFacts, modelCard } from '../../../../domain/decisions/card/model-card.ts';
import { parseDefinition } from '../../../../domain/model/define-model.ts';
import { chooseRecipe } from '../../../../domain/learning/choose-recipe.ts';
import { type TrainingPlan } from '../../../../domain/learning/plan-training.ts';
import { type ComparisonBody } from '../../../../domain/decisions/comparison-body.ts';
import { decidePromotion, type PromotionDecision } from '../../../../domain/decisions/decide-promotion.ts';
import { promotionFacts } from '../../../../domain/decisions/promotion-facts.ts';
import churn from '../../../../models/churn.ts';

const side = (auc: number) => ({
  auc: { value: auc, low: auc - 0.03, high: auc + 0.03 },
  brier: 0.18,
  logLoss: 0.55,
  ece: 0.02,
  eceBinning: '10 equal-count bins' as const,
});
/** As `promotion/1` stored them. */
const body: ComparisonBody = {
  rows: 1_400,
  positives: 370,
  negatives: 1_030,
  positiveClusters: 370,
  negativeClusters: 1_030,
  clusters: 1_400,
  alpha: 0.05,
  champion: side(0.49),
  candidate: side(0.62),
  difference: { value: 0.13, low: 0.08, high: 0.18, z: 5, p: 1e-6 },
  window: { from: '2024-01-31T00:00:00.000Z', to: '2024-02-29T00:00:00.000Z' },
  datasetDigest: 'd',
  candidateScoresDigest: 's',
  slices: [
    {
      name: 'net_service = DSL',
      rows: 500,
      positiveClusters: 90,
      difference: { value: 0.1, low: 0, high: 0.2 },
    },
  ],
  leakedClusters: 0,
};
const decision: PromotionDecision = {
  rulesVersion: 'promotion/1',
  promote: true,
  outcome: 'better',
  reason: 'AUC is significantly above that of version 1',
  rules: [
    { name: 'no leak', held: true, value: 0, bound: 0, words: '0 holdout clusters were in a training set' },
  ],
};
const facts: CardFacts = {
  model: 'churn',
  version: 2,
  stage: 'Production',
  definitionVersion: 1,
  definition: parseDefinition(churn),
  training: {
    trainer: 'logistic-regression',
    artifactDigest: 'a',
    createdAt: '2024-03-01T00:00:00.000Z',
    seed: 7,
    trainedRows: 5_600,
    positives: 1_400,
    unproven: false,
    origin: null,
    dropped: ['avg_session_mins_7d'],
    tuning: null,
    calibration: null,
    threshold: null,
  },
  data: {
    window: { from: '2024-01-31T00:00:00.000Z', to: '2024-02-29T00:00:00.000Z' },
    labelsKnownBy: '2024-03-01T00:00:00.000Z',
    rows: 7_043,
    labelledRows: 7_000,
    assumedLabels: 0,
    awaitedLabels: 3,
    overdueLabels: 40,
    backfilled: [],
    trainingRows: 5_600,
    holdoutRows: 1_443,
    digest: 'd',
  },
  leaks: null,
  comparison: { championVersion: 1, body, decision, decidedAt: null },
  report: null,
  evidenceDigest: 'e',
  approval: {
    selfApproved: false,
    breakGlass: false,
    decision: 'approve',
    actor: 'grace',
    authority: 'unverified',
    comment: 'fine\n<script>',
    at: '2024-03-01T09:00:00.000Z',
  },
  moves: [],
};

test('renders an old comparison, and lists what was not measured among the limits', () => {
  const card = modelCard(facts, ['monthly_fee']);
  expect(card).toMatchObject({ rival: 'version 1', judged: { by: 'entity' } });
  expect(card.limits).toContain('When its training labels became known was not checked.');
  expect(card.limits).toContain('Who approved it was not authenticated.');
  const text = cardInMarkdown(card);
  expect(text).toContain('| AUC | 0.620 (0.590 to 0.650) | 0.490 (0.460 to 0.520) | 0.500 |');
  expect(text).toContain('rules promotion/1');
  expect(text).not.toContain('undefined');
  expect(text).not.toContain('log loss |');
});

test('lists the available recipes with the chosen one, and why it was chosen', () => {
  const plan: TrainingPlan = {
    change: '2024-01-31T00:00:00.000Z',
    recipes: [
      { window: 'all', l2: 1, classWeight: 'none' },
      { window: 'recent', l2: 1, classWeight: 'balanced' },
      { window: 'recent', l2: 0, classWeight: 'none' },
    ],
    metric: 'auc',
    judgedRows: 5_600,
    folds: 2,
    remarks: [],
  };
  const problem = 'the gradient did not vanish';
  const judged = [{ scores: [0.54, 0.56] }, { scores: [0.62, 0.63] }, { scores: null, problem }];
  const tuning = chooseRecipe(plan, judged, { l2: 1 });
  const text = cardInMarkdown(modelCard({ ...facts, training: { ...facts.training, tuning } }, []));
  expect(text).toContain('- Recipe: recent rows, l2 1, balanced class weights; AUC 0.6250 ± 0.0050');
  expect(text).toContain('| all rows, l2 1, no class weights | 0.5500 | 0.0100 | 0.5400 0.5600 |');
  expect(text).toContain(`| could not be trained: ${problem} |`);
  expect(cardInMarkdown(modelCard(facts, []))).not.toContain('Recipe');
});

test('keeps what people write within its line and escapes HTML', () => {
  const text = cardInMarkdown(modelCard(facts, []));
  expect(text).toContain('"fine \\<script>"');
});

test('renders a version that was not compared', () => {
  const card = modelCard({ ...facts, comparison: null, approval: null, evidenceDigest: null }, []);
  expect(card.limits).toContain('It has not been compared with anything.');
  expect(cardInMarkdown(card)).toContain('Nobody has decided on it. Evidence is not complete.');
});

test("applies today's rules to what an old comparison contains", () => {
  const today = decidePromotion(promotionFacts(body, 1), parseDefinition(churn).promotion);
  expect(today).toMatchObject({ promote: true, outcome: 'better', rulesVersion: 'promotion/3' });
  expect(today.rules.find(({ name }) => name === 'holdout use')?.words).toContain('were not counted');
  expect(today.rules.find(({ name }) => name === 'label times')?.words).toContain('not recorded');
});
