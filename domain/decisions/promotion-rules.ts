// The rules of promotion, one by one: what each measures, its bound, and whether it holds.
import { fixed, pInWords } from '../numbers-in-words.ts';
import { rivalInWords } from './comparison-body.ts';
import { intervalInWords } from '../data/math/interval.ts';
import { holdoutUseInWords, unprovenInWords } from './leak-proof.ts';
import { failedInWords, type FailedJudgementPolicy } from '../judgements.ts';
import { MIN_CLUSTERS } from '../data/math/class-clusters.ts';
import { type PromotionFacts } from './promotion-facts.ts';
import { type RuleResult } from './rule.ts';
import { SLICE_FLOOR, sliceFloor } from '../learning/compare/slice-floor.ts';

/** Bounds from the definition. */
export interface PromotionPolicy {
  readonly minDelta: number;
  readonly rule: 'superiority' | 'non-inferiority';
  readonly margin: number;
  readonly logLossTolerance: number;
  /** What a judgement that was due and could not be made does. @default 'refuse' */
  readonly failedJudgement?: FailedJudgementPolicy | undefined;
}

const rival = ({ championVersion }: PromotionFacts): string => rivalInWords(championVersion);

/** At least 50 clusters of each class where the decision is made. */
export function enoughClusters({ positiveClusters, negativeClusters, judged }: PromotionFacts): RuleResult {
  const value = Math.min(positiveClusters, negativeClusters);
  const held = value >= MIN_CLUSTERS;
  return {
    name: 'enough evidence',
    held,
    value,
    bound: MIN_CLUSTERS,
    words:
      `the holdout has ${positiveClusters} positive and ${negativeClusters} negative clusters, ` +
      `${held ? 'at least' : 'fewer than'} ${MIN_CLUSTERS} of each` +
      (judged.by === 'entity+time' ? ', after the cut' : ''),
  };
}

/** Which evaluation decides; it always holds. */
export const evaluationUsed = ({ judged }: PromotionFacts): RuleResult => ({
  name: 'evaluation',
  held: true,
  value: judged.by,
  bound: null,
  words: `judged by ${judged.by}: ${judged.why}`,
});

/** Each judgement that was due was made. One that was not breaks a rule of its name, or warns if the policy says so. */
export function judgementsMade(
  { judgements }: PromotionFacts,
  { failedJudgement = 'refuse' }: PromotionPolicy,
): RuleResult[] {
  return judgements.map(({ name, state }) => {
    const rule = { name, value: state.state, bound: null };
    if (state.state === 'made') return { ...rule, held: true, words: 'it was made' };
    if (state.state === 'not applicable')
      return { ...rule, held: true, words: `not applicable: ${state.reason}` };
    const warns = failedJudgement === 'warn';
    const words = failedInWords(name, state);
    return warns
      ? { ...rule, held: false, warns, words: `${words}; the policy warns (promotion.failedJudgement)` }
      : { ...rule, held: false, words };
  });
}

/** How often the holdout was looked at before: the more often, the less a narrow win says. It always holds. */
export const holdoutUse = ({ holdout }: PromotionFacts): RuleResult => ({
  name: 'holdout use',
  held: true,
  value: holdout?.decisions ?? null,
  bound: null,
  words: holdout ? holdoutUseInWords(holdout) : 'how many decisions this holdout has served was not counted',
});

/** No evaluation cluster was trained on, as far as it is known; of a version from elsewhere it is not, and the words say so. */
export const noLeak = ({ leakedClusters, unproven }: PromotionFacts): RuleResult => ({
  name: 'no leak',
  held: leakedClusters === 0,
  value: leakedClusters,
  bound: 0,
  words: [`${leakedClusters} holdout clusters were in a training set`, ...unproven.map(unprovenInWords)].join(
    '; ',
  ),
});

/** No training label became known after the instant that its version claims; holds where that is not on record. */
export const labelTimes = ({ lateLabels }: PromotionFacts): RuleResult => ({
  name: 'label times',
  held: lateLabels === null || lateLabels === 0,
  value: lateLabels,
  bound: 0,
  words:
    lateLabels === null
      ? 'when training labels became known is not on record'
      : `${lateLabels} training labels became known after the instant that their version claims`,
});

/** The candidate does not surely rank the wrong way round on the rows that decide, as one does whose labels are inverted. */
export function rightWayRound({ candidateAuc }: PromotionFacts): RuleResult {
  const held = !(candidateAuc.high < 0.5);
  return {
    name: 'right way round',
    held,
    value: candidateAuc.high,
    bound: 0.5,
    words: held
      ? `AUC ${intervalInWords(candidateAuc, 0.5)} is not surely below 0.5`
      : `AUC ${intervalInWords(candidateAuc, 0.5)} is surely below 0.5: the candidate ranks the wrong way round, as it does where labels are inverted (label.positive)`,
  };
}

/** The log loss on the rows that decide is not surely worse, or not by more than the tolerance. */
export function logLossKept(facts: PromotionFacts, { logLossTolerance }: PromotionPolicy): RuleResult {
  const { value, low } = facts.logLossDifference;
  const held = facts.logLossToBeat >= 0 && (value <= logLossTolerance || low <= 0);
  const found = `log loss is ${intervalInWords(facts.logLossDifference, logLossTolerance)} above ${fixed([facts.logLossToBeat])[0]} of ${rival(facts)} on the ${facts.logLossRows}`;
  const verdict = held
    ? value <= logLossTolerance
      ? `within ${logLossTolerance}`
      : `beyond ${logLossTolerance}, but not surely worse`
    : `surely worse and beyond ${logLossTolerance}` +
      (facts.difference.value > 0
        ? ', although its AUC is higher: its probabilities no longer mean what they say'
        : '');
  return { name: 'calibration guard', held, value, bound: logLossTolerance, words: `${found}, ${verdict}` };
}

/** The lower bound of the difference is above 0. */
export function surelyBetter(facts: PromotionFacts): RuleResult {
  const { low, p } = facts.difference;
  const held = low > 0;
  return {
    name: 'superiority',
    held,
    value: low,
    bound: 0,
    words: `AUC ${held ? 'is surely' : 'is not surely'} above that of ${rival(facts)}: difference ${intervalInWords(facts.difference)}, p ${pInWords(p)}`,
  };
}

/** The difference is as large as the policy asks for. */
export function delta(facts: PromotionFacts, { minDelta }: PromotionPolicy): RuleResult {
  const { value } = facts.difference;
  const held = value >= minDelta;
  return {
    name: 'minDelta',
    held,
    value,
    bound: minDelta,
    words: `the difference of ${fixed([value], [minDelta])[0]} ${held ? 'reaches' : 'does not reach'} ${minDelta}`,
  };
}

/** The lower bound of the difference is above −margin. */
export function notWorse(facts: PromotionFacts, { margin }: PromotionPolicy): RuleResult {
  const { low } = facts.difference;
  const held = low > -margin;
  return {
    name: 'non-inferiority',
    held,
    value: low,
    bound: -margin,
    words: `AUC is ${held ? 'not' : 'perhaps'} worse than that of ${rival(facts)} by more than ${margin}: difference ${intervalInWords(facts.difference, -margin)}`,
  };
}

/** No slice is surely worse by more than 0.05. */
export function slicesKept({ slices }: PromotionFacts): RuleResult {
  const { fallen, lowest, words } = sliceFloor(slices);
  return {
    name: 'slice floor',
    held: fallen.length === 0,
    value: lowest?.high ?? null,
    bound: SLICE_FLOOR,
    words,
  };
}
