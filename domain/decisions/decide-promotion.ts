// decidePromotion: whether a candidate may wait for approval, or is refused.
import { fixed } from '../numbers-in-words.ts';
import { rivalInWords } from './comparison-body.ts';
import { intervalInWords } from '../data/math/interval.ts';
import { unprovenInWords } from './leak-proof.ts';
import { type PromotionFacts } from './promotion-facts.ts';
import {
  delta,
  enoughClusters,
  evaluationUsed,
  holdoutUse,
  judgementsMade,
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
export const PROMOTION_RULES = 'promotion/3';

/** The decision with every rule it rests on. */
export interface PromotionDecision {
  /**
   * `promotion/1` knew no evaluation, holdout use, label times, right way round nor slice floor; `promotion/2` took a
   * judgement that failed for one that was not due, and looked at log loss on all holdout rows.
   */
  readonly rulesVersion: string;
  readonly promote: boolean;
  readonly outcome: 'better' | 'not better' | 'not enough evidence' | 'guard broken' | 'judgement failed';
  readonly reason: string;
  readonly rules: readonly RuleResult[];
  /** What a person should know though it refuses nobody; absent in decisions from before there were any. */
  readonly alarms?: readonly string[];
}

/**
 * Decides whether a candidate goes to Staging: every judgement that was due was made, enough evidence, no leak, ranks the right way round, probabilities that
 * did not get worse, surely better (or not worse, as the policy says) by at least `minDelta`, and no slice that lost.
 * The first rule that does not hold gives the reason; every rule is recorded.
 */
export function decidePromotion(facts: PromotionFacts, policy: PromotionPolicy): PromotionDecision {
  const judgements = judgementsMade(facts, policy);
  const evidence = [enoughClusters(facts)];
  const guards = [noLeak(facts), labelTimes(facts), rightWayRound(facts), logLossKept(facts, policy)];
  const better =
    policy.rule === 'superiority' ? [surelyBetter(facts), delta(facts, policy)] : [notWorse(facts, policy)];
  const floor = [slicesKept(facts)];
  const rules = [
    evaluationUsed(facts),
    holdoutUse(facts),
    ...judgements,
    ...evidence,
    ...guards,
    ...better,
    ...floor,
  ];
  const broken = rules.find(({ held, warns }) => !held && warns !== true);
  const reason = broken?.words ?? better.map(({ words }) => words).join(', and ');
  const outcome = broken ? outcomeOf(broken) : 'better';
  const warned = rules.filter(({ warns }) => warns).map(({ words }) => words);
  return {
    rulesVersion: PROMOTION_RULES,
    promote: !broken,
    outcome,
    reason,
    rules,
    alarms: [...warned, ...alarmsOf(facts, policy)],
  };

  function outcomeOf(rule: RuleResult): PromotionDecision['outcome'] {
    if (judgements.includes(rule)) return 'judgement failed';
    if (evidence.includes(rule)) return 'not enough evidence';
    return better.includes(rule) ? 'not better' : 'guard broken';
  }
}

/**
 * Versions of which nothing is proven, features that may know the label, a champion that surely ranks the wrong way round
 * (the world turned, or the labels did), and what the evaluation that did not decide would have refused.
 */
function alarmsOf(facts: PromotionFacts, policy: PromotionPolicy): string[] {
  const { championVersion, championAuc, leakAlarms, unproven, other } = facts;
  const alarms = [...unproven.map(unprovenInWords), ...leakAlarms];
  if (championAuc.high < 0.5) {
    alarms.push(
      `the AUC ${intervalInWords(championAuc, 0.5)} of ${rivalInWords(championVersion)} is surely below 0.5: it ranks the ` +
        'wrong way round; check that the labels of the window are not inverted (label.positive)',
    );
  }
  if (!other) return alarms;
  const { by, where, difference, logLoss } = other;
  if (difference.high < 0)
    alarms.push(`the evaluation by ${by}, which did not decide, is surely worse by AUC on its ${where}`);
  if (logLoss && logLoss.difference.low > 0 && logLoss.difference.value > policy.logLossTolerance)
    alarms.push(
      `the evaluation by ${by}, which did not decide, has a log loss ${intervalInWords(logLoss.difference, policy.logLossTolerance)} above ` +
        `${fixed([logLoss.toBeat])[0]} on its ${where}`,
    );
  return alarms;
}
