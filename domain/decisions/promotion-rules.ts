// The promotion rules one by one: what each measures, its bound, and whether it is met.
import { fixed, formatPValue } from '../format-numbers.ts';
import { describeChampion } from './comparison-body.ts';
import { formatInterval } from '../data/math/interval.ts';
import { describeHoldoutUse, describeUnproven } from './leak-proof.ts';
import { describeFailedJudgement, type FailedJudgementPolicy } from '../judgements.ts';
import { MIN_CLUSTERS } from '../data/math/class-clusters.ts';
import { type PromotionFacts } from './promotion-facts.ts';
import { type Requirement } from './rule.ts';
import { SLICE_FLOOR, sliceFloor } from '../learning/compare/slice-floor.ts';

/** Bounds from the definition. */
export interface PromotionPolicy {
  readonly minDelta: number;
  readonly rule: 'superiority' | 'non-inferiority';
  readonly margin: number;
  readonly logLossTolerance: number;
  /** What happens if a judgement was due and could not be made. @default 'refuse' */
  readonly failedJudgement?: FailedJudgementPolicy | undefined;
}

const champion = ({ championVersion }: PromotionFacts): string => describeChampion(championVersion);

/** Requires at least 50 clusters of each class in the evaluation that decides the promotion. */
export function enoughClusters({ positiveClusters, negativeClusters, judged }: PromotionFacts): Requirement {
  const value = Math.min(positiveClusters, negativeClusters);
  const met = value >= MIN_CLUSTERS;
  return {
    name: 'enough evidence',
    met,
    value,
    bound: MIN_CLUSTERS,
    words:
      `the holdout has ${positiveClusters} positive and ${negativeClusters} negative clusters, ` +
      `${met ? 'at least' : 'fewer than'} ${MIN_CLUSTERS} of each` +
      (judged.by === 'entity+time' ? ', after the cutoff' : ''),
  };
}

/** Records which evaluation decides the promotion; always met. */
export const evaluationUsed = ({ judged }: PromotionFacts): Requirement => ({
  name: 'evaluation',
  met: true,
  value: judged.by,
  bound: null,
  words: `decided by ${judged.by}: ${judged.why}`,
});

/**
 * Requires that each judgement that was due was made, one rule per judgement; if the policy says `warn`, a failure only
 * warns.
 */
export function judgementsMade(
  { judgements }: PromotionFacts,
  { failedJudgement = 'refuse' }: PromotionPolicy,
): Requirement[] {
  return judgements.map(({ name, state }) => {
    const rule = { name, value: state.state, bound: null };
    if (state.state === 'made') return { ...rule, met: true, words: 'it was made' };
    if (state.state === 'not applicable')
      return { ...rule, met: true, words: `not applicable: ${state.reason}` };
    const warns = failedJudgement === 'warn';
    const words = describeFailedJudgement(name, state);
    return warns
      ? { ...rule, met: false, warns, words: `${words}; the policy only warns (promotion.failedJudgement)` }
      : { ...rule, met: false, words };
  });
}

/**
 * Records how many decisions used this holdout before; always met. The more there were, the less a narrow win means.
 */
export const holdoutUse = ({ holdout }: PromotionFacts): Requirement => ({
  name: 'holdout use',
  met: true,
  value: holdout?.decisions ?? null,
  bound: null,
  words: holdout ? describeHoldoutUse(holdout) : 'earlier decisions on this holdout were not counted',
});

/**
 * Requires that no version was trained on an evaluation cluster. This is not known for imported versions, and the text
 * says so.
 */
export const noLeak = ({ leakedClusters, unproven }: PromotionFacts): Requirement => ({
  name: 'no leak',
  met: leakedClusters === 0,
  value: leakedClusters,
  bound: 0,
  words: [
    `${leakedClusters} holdout clusters were in a training set`,
    ...unproven.map(describeUnproven),
  ].join('; '),
});

/**
 * Requires that no training label became known after the instant by which its version claims to have known it; also met
 * if this was not recorded.
 */
export const labelTimes = ({ lateLabels }: PromotionFacts): Requirement => ({
  name: 'label times',
  met: lateLabels === null || lateLabels === 0,
  value: lateLabels,
  bound: 0,
  words:
    lateLabels === null
      ? 'when training labels became known was not recorded'
      : `${lateLabels} training labels became known after the instant that their version claims`,
});

/**
 * Requires that the candidate's AUC on the rows that decide is not significantly below 0.5, as it is with inverted
 * labels.
 */
export function rightWayRound({ candidateAuc }: PromotionFacts): Requirement {
  const met = !(candidateAuc.high < 0.5);
  return {
    name: 'right way round',
    met,
    value: candidateAuc.high,
    bound: 0.5,
    words: met
      ? `AUC ${formatInterval(candidateAuc, 0.5)} is not significantly below 0.5`
      : `AUC ${formatInterval(candidateAuc, 0.5)} is significantly below 0.5: the candidate ranks the wrong way round, as it does if labels are inverted (label.positive)`,
  };
}

/** Requires that the log loss on the rows that decide is not significantly worse, or not by more than the tolerance. */
export function logLossKept(facts: PromotionFacts, { logLossTolerance }: PromotionPolicy): Requirement {
  const { value, low } = facts.logLossDifference;
  const met = facts.logLossToBeat >= 0 && (value <= logLossTolerance || low <= 0);
  const found = `log loss is ${formatInterval(facts.logLossDifference, logLossTolerance)} above ${fixed([facts.logLossToBeat])[0]} of ${champion(facts)} on the ${facts.logLossRows}`;
  const verdict = met
    ? value <= logLossTolerance
      ? `within ${logLossTolerance}`
      : `beyond ${logLossTolerance}, but not significantly worse`
    : `significantly worse and beyond ${logLossTolerance}` +
      (facts.difference.value > 0
        ? ', although its AUC is higher: its probabilities are no longer calibrated'
        : '');
  return { name: 'calibration guard', met, value, bound: logLossTolerance, words: `${found}, ${verdict}` };
}

/** Requires that the lower bound of the difference is above 0. */
export function significantlyBetter(facts: PromotionFacts): Requirement {
  const { low, p } = facts.difference;
  const met = low > 0;
  return {
    name: 'superiority',
    met,
    value: low,
    bound: 0,
    words: `AUC ${met ? 'is significantly' : 'is not significantly'} above that of ${champion(facts)}: difference ${formatInterval(facts.difference)}, p ${formatPValue(p)}`,
  };
}

/** Requires that the difference is at least the policy's `minDelta`. */
export function delta(facts: PromotionFacts, { minDelta }: PromotionPolicy): Requirement {
  const { value } = facts.difference;
  const met = value >= minDelta;
  return {
    name: 'minDelta',
    met,
    value,
    bound: minDelta,
    words: `the difference of ${fixed([value], [minDelta])[0]} ${met ? 'reaches' : 'does not reach'} ${minDelta}`,
  };
}

/** Requires that the lower bound of the difference is above −margin. */
export function notWorse(facts: PromotionFacts, { margin }: PromotionPolicy): Requirement {
  const { low } = facts.difference;
  const met = low > -margin;
  return {
    name: 'non-inferiority',
    met,
    value: low,
    bound: -margin,
    words: `AUC is ${met ? 'not' : 'possibly'} worse than that of ${champion(facts)} by more than ${margin}: difference ${formatInterval(facts.difference, -margin)}`,
  };
}

/** Requires that no slice is significantly worse by more than 0.05. */
export function slicesKept({ slices }: PromotionFacts): Requirement {
  const { fallen, lowest, words } = sliceFloor(slices);
  return {
    name: 'slice floor',
    met: fallen.length === 0,
    value: lowest?.high ?? null,
    bound: SLICE_FLOOR,
    words,
  };
}
