// Decides whether a candidate may go on to approval or is refused.
import { fixed } from '../format-numbers.ts';
import { describeChampion } from './comparison-body.ts';
import { formatInterval } from '../data/math/interval.ts';
import { describeUnproven } from './leak-proof.ts';
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
  significantlyBetter,
} from './promotion-rules.ts';
import { type Requirement, type RuleResult, ruleResult } from './rule.ts';

/** Version of these rules; stored with each decision. */
export const PROMOTION_RULES = 'promotion/3';

/** The decision with every rule that was applied. */
export interface PromotionDecision {
  /**
   * `promotion/1` did not have the rules 'evaluation', 'holdout use', 'label times', 'right way round' and 'slice
   * floor'. `promotion/2` treated a judgement that failed like one that was not due, and measured log loss on all
   * holdout rows.
   */
  readonly rulesVersion: string;
  readonly promote: boolean;
  readonly outcome: 'better' | 'not better' | 'not enough evidence' | 'guard broken' | 'judgement failed';
  readonly reason: string;
  readonly rules: readonly RuleResult[];
  /** Warnings that do not refuse the candidate; absent in decisions that were made before alarms existed. */
  readonly alarms?: readonly string[];
}

/**
 * Decides whether a candidate goes to Staging. Every judgement that was due must have been made; there must be enough
 * evidence and no leak; the candidate must not rank in reverse or have a worse log loss; it must be significantly better
 * by at least `minDelta` (or not worse, as the policy says); and no slice may have lost. The first requirement that is
 * not met gives the reason; every rule is recorded.
 */
export function decidePromotion(facts: PromotionFacts, policy: PromotionPolicy): PromotionDecision {
  const judgements = judgementsMade(facts, policy);
  const evidence = [enoughClusters(facts)];
  const guards = [noLeak(facts), labelTimes(facts), rightWayRound(facts), logLossKept(facts, policy)];
  const better =
    policy.rule === 'superiority'
      ? [significantlyBetter(facts), delta(facts, policy)]
      : [notWorse(facts, policy)];
  const floor = [slicesKept(facts)];
  const requirements = [
    evaluationUsed(facts),
    holdoutUse(facts),
    ...judgements,
    ...evidence,
    ...guards,
    ...better,
    ...floor,
  ];
  const broken = requirements.find(({ met, warns }) => !met && warns !== true);
  const reason = broken?.words ?? better.map(({ words }) => words).join(', and ');
  const outcome = broken ? outcomeOf(broken) : 'better';
  const warned = requirements.filter(({ warns }) => warns).map(({ words }) => words);
  return {
    rulesVersion: PROMOTION_RULES,
    promote: !broken,
    outcome,
    reason,
    rules: requirements.map(ruleResult),
    alarms: [...warned, ...alarmsOf(facts, policy)],
  };

  function outcomeOf(rule: Requirement): PromotionDecision['outcome'] {
    if (judgements.includes(rule)) return 'judgement failed';
    if (evidence.includes(rule)) return 'not enough evidence';
    return better.includes(rule) ? 'not better' : 'guard broken';
  }
}

/**
 * Lists what deserves attention but does not refuse the candidate: versions with unknown training rows, features that
 * may leak the label, a champion whose AUC is significantly below 0.5 (the world or the labels were inverted), and
 * reasons for which the evaluation that did not decide would have refused the candidate.
 */
function alarmsOf(facts: PromotionFacts, policy: PromotionPolicy): string[] {
  const { championVersion, championAuc, leakAlarms, unproven, other } = facts;
  const alarms = [...unproven.map(describeUnproven), ...leakAlarms];
  if (championAuc.high < 0.5) {
    alarms.push(
      `the AUC ${formatInterval(championAuc, 0.5)} of ${describeChampion(championVersion)} is significantly below 0.5: it ranks the ` +
        'wrong way round; check that the labels of the window are not inverted (label.positive)',
    );
  }
  if (!other) return alarms;
  const { by, where, difference, logLoss } = other;
  if (difference.high < 0)
    alarms.push(
      `the evaluation by ${by}, which did not decide, is significantly worse by AUC on its ${where}`,
    );
  if (logLoss && logLoss.difference.low > 0 && logLoss.difference.value > policy.logLossTolerance)
    alarms.push(
      `the evaluation by ${by}, which did not decide, has a log loss ${formatInterval(logLoss.difference, policy.logLossTolerance)} above ` +
        `${fixed([logLoss.toBeat])[0]} on its ${where}`,
    );
  return alarms;
}
