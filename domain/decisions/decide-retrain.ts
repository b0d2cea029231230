// decideRetrain: whether a window's report is reason to train a new version.
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
import { type Failed, failedInWords, type JudgementName } from '../judgements.ts';
import { type RuleResult } from './rule.ts';

/** Version of these rules; stored with each decision. */
export const RETRAIN_RULES = 'retrain/3';

/** An earlier report that waits for labels. */
export interface WaitingReport {
  readonly reportId: number;
  /** The instant it speaks about, ISO 8601. */
  readonly asOf: string;
  /** Labelled rows of its window outside the holdout, as they are known now. */
  readonly freshLabels: number;
}

/** What the decision looks at. */
export interface RetrainFacts extends MeasuredFacts {
  /** Broken contracts of severity `fail`, by name: with one, nothing else was measured. */
  readonly brokenContracts: readonly string[];
  /** Judgements that were due and could not be made; absent in facts from before they were told apart. */
  readonly failedJudgements?: readonly FailedJudgement[];
  /** Labelled rows of the window outside the holdout. */
  readonly freshLabels: number;
  /** Whether this same dataset and definition already led to a retrain. */
  readonly alreadyTrained: boolean;
  /** Whether an earlier report spoke of this same dataset. */
  readonly alreadyReported: boolean;
  /** The youngest refusal, if it lies within the cooldown, with the AUC realised then. */
  readonly recentRefusal: { readonly at: string; readonly realisedAuc: number | null } | null;
  /** The earlier report of this champion that waits for labels and has the most cause to be looked at again. */
  readonly waiting: WaitingReport | null;
}

/** A judgement of the window that was due and could not be made. */
export interface FailedJudgement extends Failed {
  readonly name: JudgementName;
}

/** Bounds from the definition. */
export interface RetrainPolicy {
  /** Which reasons start a retrain; the others are recorded and start none. */
  readonly on: readonly RetrainReason[];
  readonly share: number;
  readonly critical: readonly string[];
  readonly minLabels: number;
}

/** Why a retrain starts, or why not. */
export type RetrainOutcome =
  | 'contract broken'
  | 'bootstrap'
  | RetrainReason
  | 'waiting for labels'
  | 'cooling down'
  | 'judgement failed'
  | 'none'
  | 'nothing new';

/** The decision with every rule it rests on. */
export interface RetrainDecision {
  readonly rulesVersion: string;
  readonly retrain: boolean;
  readonly outcome: RetrainOutcome;
  readonly reason: string;
  readonly rules: readonly RuleResult[];
  /** The report whose window is measured anew, since its labels have come; absent before rules `retrain/2`. */
  readonly lookAgain?: WaitingReport | null;
  /** Judgements that were due and could not be made, in words; absent if there is none. */
  readonly alarms?: readonly string[];
}

/**
 * Decides by the first reason that holds: bootstrap, performance, estimated performance, critical, share, multivariate,
 * of which all but the first count only where the policy names them. A broken contract comes before any: on wrong data
 * no rule says anything. A reason does not start a retrain while fresh labels are too few (it would relearn the old
 * world) or while the same case is cooling down. Every rule is recorded, whether it decided or not.
 *
 * A judgement that was due and could not be made is never taken for one that found nothing: quality stops the loop at this
 * window, and where no reason holds in what was measured, the outcome is `judgement failed`.
 *
 * Where no retrain starts and the labels of an earlier window that waited for them have come, that window is to be
 * looked at again.
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
  const first = reasons.find((reason) => reason.held && counts(reason));
  const decide = (outcome: RetrainOutcome, reason: string, retrain = false): RetrainDecision => ({
    rulesVersion: RETRAIN_RULES,
    retrain,
    outcome,
    reason,
    rules: [contracts, judgements, ...reasons, labels, cooling, again],
    lookAgain: again.held && !retrain ? facts.waiting : null,
    ...(judgements.held && { alarms: failedJudgements.map(inWords) }),
  });

  if (contracts.held) return decide('contract broken', contracts.words);
  if (failedJudgements.some(({ name }) => name === 'quality'))
    return decide('judgement failed', judgements.words);
  if (!first && judgements.held) return decide('judgement failed', judgements.words);
  if (!first && facts.alreadyReported) {
    return decide(
      'nothing new',
      'the same rows were reported before, and nothing in them is reason to retrain',
    );
  }
  if (!first) return decide('none', 'no rule asks for a retrain');
  if (!labels.held) return decide('waiting for labels', `${first.words}, but ${labels.words}`);
  if (cooling.held) return decide('cooling down', `${first.words}, but ${cooling.words}`);
  return decide(first.name as RetrainOutcome, first.words, true);

  function counts({ name }: RuleResult): boolean {
    return name === 'bootstrap' || policy.on.includes(name as RetrainReason);
  }
  function byPolicy(reason: RetrainReason, rule: RuleResult): RuleResult {
    return policy.on.includes(reason)
      ? rule
      : { ...rule, words: `${rule.words}; no reason to retrain by policy` };
  }
}

const contractsBroken = ({ brokenContracts }: RetrainFacts): RuleResult => ({
  name: 'contracts',
  held: brokenContracts.length > 0,
  value: brokenContracts.length,
  bound: 0,
  words:
    brokenContracts.length > 0
      ? `contracts that stop the loop are broken: ${brokenContracts.join(', ')}`
      : 'no contract that stops the loop is broken',
});

const inWords = ({ name, ...failed }: FailedJudgement): string => failedInWords(name, failed);

const judgementsFailed = ({ failedJudgements = [] }: RetrainFacts): RuleResult => ({
  name: 'judgements',
  held: failedJudgements.length > 0,
  value: failedJudgements.length,
  bound: 0,
  words:
    failedJudgements.length > 0
      ? failedJudgements.map(inWords).join('; ')
      : 'every judgement that was due was made',
});

const enoughLabels = ({ freshLabels }: RetrainFacts, { minLabels }: RetrainPolicy): RuleResult => ({
  name: 'fresh labels',
  held: freshLabels >= minLabels,
  value: freshLabels,
  bound: minLabels,
  words: `${freshLabels} labelled rows are there to learn from, ${freshLabels >= minLabels ? 'at least' : 'fewer than'} ${minLabels}`,
});

function coolingDown({ alreadyTrained, recentRefusal, realised }: RetrainFacts): RuleResult {
  const then = recentRefusal?.realisedAuc ?? null;
  const rule = { name: 'cooling down', value: recentRefusal?.at ?? null, bound: then };
  if (alreadyTrained) {
    return { ...rule, held: true, words: 'these rows and this definition already led to a retrain' };
  }
  if (!recentRefusal) return { ...rule, held: false, words: 'no candidate was refused lately' };
  const fellFurther = realised !== null && then !== null && realised.high < then;
  return {
    ...rule,
    held: !fellFurther,
    words: fellFurther
      ? `a candidate was refused at ${recentRefusal.at}, but the AUC has fallen further since`
      : `a candidate was refused at ${recentRefusal.at}`,
  };
}

function labelsCame({ waiting }: RetrainFacts, { minLabels }: RetrainPolicy): RuleResult {
  const rule = { name: 'labels came', value: waiting?.freshLabels ?? null, bound: minLabels };
  if (waiting === null) return { ...rule, held: false, words: 'no earlier window waits for labels' };
  const { reportId, asOf, freshLabels } = waiting;
  const held = freshLabels >= minLabels;
  return {
    ...rule,
    held,
    words:
      `the window up to ${asOf} of report ${reportId} has ${freshLabels} labelled rows by now, ` +
      `${held ? 'at least' : 'fewer than'} ${minLabels}${held ? ': it is measured anew' : ''}`,
  };
}
