// decidePromotion: whether a candidate may wait for approval, or is refused.
import { rivalInWords } from './comparison-body.ts';
import { intervalInWords } from './interval.ts';
import { unprovenInWords } from './leak-proof.ts';
import { type PromotionFacts } from './promotion-facts.ts';
import {
  delta,
  enoughClusters,
  evaluationUsed,
  holdoutUse,
  labelTimes,
  logLossKept,
  noLeak,
  notWorse,
  type PromotionPolicy,
  rightWayRound,
  slicesKept,
  surelyBetter,
} from './promotion-rules.ts';
import { type RuleResult } from './rule.ts';

/** Version of these rules; stored with each decision. */
export const PROMOTION_RULES = 'promotion/2';

/** The decision with every rule it rests on. */
export interface PromotionDecision {
  /** `promotion/1` knew no evaluation, holdout use, label times, right way round nor slice floor. */
  readonly rulesVersion: string;
  readonly promote: boolean;
  readonly outcome: 'better' | 'not better' | 'not enough evidence' | 'guard broken';
  readonly reason: string;
  readonly rules: readonly RuleResult[];
  /** What a person should know though it refuses nobody; absent in decisions from before there were any. */
  readonly alarms?: readonly string[];
}

/**
 * Decides whether a candidate goes to Staging: enough evidence, no leak, ranks the right way round, probabilities that
 * did not get worse, surely better (or not worse, as the policy says) by at least `minDelta`, and no slice that lost.
 * The first rule that does not hold gives the reason; every rule is recorded.
 */
export function decidePromotion(facts: PromotionFacts, policy: PromotionPolicy): PromotionDecision {
  const evidence = [enoughClusters(facts)];
  const guards = [noLeak(facts), labelTimes(facts), rightWayRound(facts), logLossKept(facts, policy)];
  const better =
    policy.rule === 'superiority' ? [surelyBetter(facts), delta(facts, policy)] : [notWorse(facts, policy)];
  const floor = [slicesKept(facts)];
  const rules = [evaluationUsed(facts), holdoutUse(facts), ...evidence, ...guards, ...better, ...floor];
  const broken = rules.find(({ held }) => !held);
  const reason = broken?.words ?? better.map(({ words }) => words).join(', and ');
  const outcome = !broken
    ? 'better'
    : evidence.includes(broken)
      ? 'not enough evidence'
      : better.includes(broken)
        ? 'not better'
        : 'guard broken';
  return { rulesVersion: PROMOTION_RULES, promote: !broken, outcome, reason, rules, alarms: alarmsOf(facts) };
}

/** Versions of which nothing is proven, features that may know the label, and a champion that surely ranks the wrong way round: the world turned, or the labels did. */
function alarmsOf({ championVersion, championAuc, leakAlarms, unproven }: PromotionFacts): string[] {
  const told = [...unproven.map(unprovenInWords), ...leakAlarms];
  if (!(championAuc.high < 0.5)) return told;
  return [
    ...told,
    `the AUC ${intervalInWords(championAuc, 0.5)} of ${rivalInWords(championVersion)} is surely below 0.5: it ranks the ` +
      'wrong way round; check that the labels of the window are not inverted (label.positive)',
  ];
}
