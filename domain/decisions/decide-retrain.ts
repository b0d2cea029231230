// Decides whether the report of a window is reason to train a new version.
import {
  bootstrap,
  critical,
  estimatedPerformance,
  type MeasuredFacts,
  multivariate,
  performance,
  share,
} from './retrain-reasons.ts';
import { type RetrainReason } from '../model/definition.ts';
import { type Failed, describeFailedJudgement, type JudgementName } from '../judgements.ts';
import { type Obstacle, type Reason, type Requirement, type RuleResult, ruleResult } from './rule.ts';

/** Version of these rules; stored with each decision. */
export const RETRAIN_RULES = 'retrain/3';

/** An earlier report that is waiting for labels. */
export interface WaitingReport {
  readonly reportId: number;
  /** End of its window, ISO 8601. */
  readonly asOf: string;
  /** Labelled rows of its window outside the holdout, counted now. */
  readonly freshLabels: number;
}

/** The facts on which the decision is made. */
export interface RetrainFacts extends MeasuredFacts {
  /** Names of broken contracts of severity `fail`; if there is one, nothing else was measured. */
  readonly brokenContracts: readonly string[];
  /** Judgements that were due and could not be made; absent in facts recorded before these were distinguished. */
  readonly failedJudgements?: readonly FailedJudgement[];
  /** Labelled rows of the window outside the holdout. */
  readonly freshLabels: number;
  /** Whether the same dataset and definition already led to a retrain. */
  readonly alreadyTrained: boolean;
  /** Whether an earlier report describes the same dataset. */
  readonly alreadyReported: boolean;
  /** The latest refusal of a candidate, if it is within the cooldown, with the AUC realised at that time. */
  readonly recentRefusal: { readonly at: string; readonly realisedAuc: number | null } | null;
  /** The earlier report of this champion that is waiting for labels and is the first to be measured again. */
  readonly waiting: WaitingReport | null;
}

/** A judgement of the window that was due and could not be made. */
export interface FailedJudgement extends Failed {
  readonly name: JudgementName;
}

/** Bounds from the definition. */
export interface RetrainPolicy {
  /** Which reasons start a retrain; the others are only recorded. */
  readonly on: readonly RetrainReason[];
  readonly share: number;
  readonly critical: readonly string[];
  readonly minLabels: number;
}

/** Why a retrain starts or does not. */
export type RetrainOutcome =
  | 'contract broken'
  | 'bootstrap'
  | RetrainReason
  | 'waiting for labels'
  | 'cooling down'
  | 'judgement failed'
  | 'none'
  | 'nothing new';

/** The decision with every rule that was applied. */
export interface RetrainDecision {
  readonly rulesVersion: string;
  readonly retrain: boolean;
  readonly outcome: RetrainOutcome;
  readonly reason: string;
  readonly rules: readonly RuleResult[];
  /** The report whose window is measured again because its labels have arrived; absent before rules `retrain/2`. */
  readonly lookAgain?: WaitingReport | null;
  /** Descriptions of judgements that were due and could not be made; absent if there are none. */
  readonly alarms?: readonly string[];
}

/**
 * Decides by the first reason that applies: bootstrap, performance, estimated performance, critical, share,
 * multivariate. Except for bootstrap, a reason applies only if the policy names it. A broken contract comes before them
 * all, because no rule is meaningful on wrong data. A reason does not start a retrain while there are too few fresh
 * labels (the candidate would learn the old world again) or during the cooldown. Every rule is recorded, whether it
 * decided or not.
 *
 * A judgement that was due and could not be made is not treated like a judgement that found nothing: if quality could
 * not be judged, the loop stops at this window; if another judgement failed and the measurements that succeeded give no
 * reason to retrain, the outcome is `judgement failed`.
 *
 * If no retrain starts and the labels of an earlier window have arrived, `lookAgain` names that window.
 */
export function decideRetrain(facts: RetrainFacts, policy: RetrainPolicy): RetrainDecision {
  const contracts = contractsBroken(facts);
  const judgements = judgementsFailed(facts);
  const reasons = [
    bootstrap(facts),
    byPolicy('performance', performance(facts)),
    byPolicy('estimated performance', estimatedPerformance(facts)),
    byPolicy('critical', critical(facts, policy.critical)),
    byPolicy('share', share(facts, policy.share)),
    byPolicy('multivariate', multivariate(facts)),
  ];
  const labels = enoughLabels(facts, policy);
  const cooling = coolingDown(facts);
  const again = labelsCame(facts, policy);
  const { failedJudgements = [] } = facts;
  const first = reasons.find((reason) => reason.applies && counts(reason));
  const decide = (outcome: RetrainOutcome, reason: string, retrain = false): RetrainDecision => ({
    rulesVersion: RETRAIN_RULES,
    retrain,
    outcome,
    reason,
    rules: [contracts, judgements, ...reasons, labels, cooling, again].map(ruleResult),
    lookAgain: again.applies && !retrain ? facts.waiting : null,
    ...(judgements.blocks && { alarms: failedJudgements.map(describeFailed) }),
  });

  if (contracts.blocks) return decide('contract broken', contracts.words);
  if (failedJudgements.some(({ name }) => name === 'quality'))
    return decide('judgement failed', judgements.words);
  if (!first && judgements.blocks) return decide('judgement failed', judgements.words);
  if (!first && facts.alreadyReported) {
    return decide(
      'nothing new',
      'the same rows were reported before, and nothing in them is a reason to retrain',
    );
  }
  if (!first) return decide('none', 'no rule asks for a retrain');
  if (!labels.met) return decide('waiting for labels', `${first.words}, but ${labels.words}`);
  if (cooling.blocks) return decide('cooling down', `${first.words}, but ${cooling.words}`);
  return decide(first.name as RetrainOutcome, first.words, true);

  function counts({ name }: Reason): boolean {
    return name === 'bootstrap' || policy.on.includes(name as RetrainReason);
  }
  function byPolicy(reason: RetrainReason, rule: Reason): Reason {
    return policy.on.includes(reason)
      ? rule
      : { ...rule, words: `${rule.words}; the policy does not retrain for this` };
  }
}

const contractsBroken = ({ brokenContracts }: RetrainFacts): Obstacle => ({
  name: 'contracts',
  blocks: brokenContracts.length > 0,
  value: brokenContracts.length,
  bound: 0,
  words:
    brokenContracts.length > 0
      ? `contracts that stop the loop are broken: ${brokenContracts.join(', ')}`
      : 'no contract that stops the loop is broken',
});

const describeFailed = ({ name, ...failed }: FailedJudgement): string =>
  describeFailedJudgement(name, failed);

const judgementsFailed = ({ failedJudgements = [] }: RetrainFacts): Obstacle => ({
  name: 'judgements',
  blocks: failedJudgements.length > 0,
  value: failedJudgements.length,
  bound: 0,
  words:
    failedJudgements.length > 0
      ? failedJudgements.map(describeFailed).join('; ')
      : 'every judgement that was due was made',
});

const enoughLabels = ({ freshLabels }: RetrainFacts, { minLabels }: RetrainPolicy): Requirement => ({
  name: 'fresh labels',
  met: freshLabels >= minLabels,
  value: freshLabels,
  bound: minLabels,
  words: `${freshLabels} labelled rows are there to learn from, ${freshLabels >= minLabels ? 'at least' : 'fewer than'} ${minLabels}`,
});

function coolingDown({ alreadyTrained, recentRefusal, realised }: RetrainFacts): Obstacle {
  const then = recentRefusal?.realisedAuc ?? null;
  const rule = { name: 'cooling down', value: recentRefusal?.at ?? null, bound: then };
  if (alreadyTrained) {
    return { ...rule, blocks: true, words: 'these rows and this definition already led to a retrain' };
  }
  if (!recentRefusal) return { ...rule, blocks: false, words: 'no candidate was refused recently' };
  const fellFurther = realised !== null && then !== null && realised.high < then;
  return {
    ...rule,
    blocks: !fellFurther,
    words: fellFurther
      ? `a candidate was refused at ${recentRefusal.at}, but the AUC has fallen further since`
      : `a candidate was refused at ${recentRefusal.at}`,
  };
}

function labelsCame({ waiting }: RetrainFacts, { minLabels }: RetrainPolicy): Reason {
  const rule = { name: 'labels came', value: waiting?.freshLabels ?? null, bound: minLabels };
  if (waiting === null) return { ...rule, applies: false, words: 'no earlier window is waiting for labels' };
  const { reportId, asOf, freshLabels } = waiting;
  const applies = freshLabels >= minLabels;
  return {
    ...rule,
    applies,
    words:
      `the window up to ${asOf} of report ${reportId} now has ${freshLabels} labelled rows, ` +
      `${applies ? 'at least' : 'fewer than'} ${minLabels}${applies ? ': it is measured again' : ''}`,
  };
}
