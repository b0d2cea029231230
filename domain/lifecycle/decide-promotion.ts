// decidePromotion: whether a candidate may wait for approval, or is refused.
import { rivalInWords } from './comparison-body.ts';
import { type Interval, intervalInWords } from './interval.ts';
import { type RuleResult } from './rule.ts';

/** Version of these rules; stored with each decision. */
export const PROMOTION_RULES = 'promotion/1';

/** Fewest holdout clusters with each label for a comparison to say anything. */
export const MIN_CLUSTERS = 50;

/** What the decision looks at: champion and candidate on the same holdout rows. */
export interface PromotionFacts {
  /** The champion, or null where the class prior is the one to beat. */
  readonly championVersion: number | null;
  /** AUC of the candidate less that of the champion (or of the prior). */
  readonly difference: Interval & { readonly p: number };
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  /** Log loss of the candidate and of the one to beat, nats per row. */
  readonly candidateLogLoss: number;
  readonly logLossToBeat: number;
  /** Clusters of the evaluation rows on which either version was trained. */
  readonly leakedClusters: number;
}

/** Bounds from the definition. */
export interface PromotionPolicy {
  readonly minDelta: number;
  readonly rule: 'superiority' | 'non-inferiority';
  readonly margin: number;
  readonly logLossTolerance: number;
}

/** The decision with every rule it rests on. */
export interface PromotionDecision {
  readonly rulesVersion: string;
  readonly promote: boolean;
  readonly outcome: 'better' | 'not better' | 'not enough evidence' | 'guard broken';
  readonly reason: string;
  readonly rules: readonly RuleResult[];
}

/**
 * Decides whether a candidate goes to Staging: enough evidence, no leak, surely better (or not worse, as the policy
 * says) by at least `minDelta`, and probabilities that did not get worse. The first rule that does not hold gives the
 * reason; every rule is recorded.
 */
export function decidePromotion(facts: PromotionFacts, policy: PromotionPolicy): PromotionDecision {
  const evidence = [enoughClusters(facts)];
  const guards = [noLeak(facts), logLossKept(facts, policy)];
  const better =
    policy.rule === 'superiority' ? [surelyBetter(facts), delta(facts, policy)] : [notWorse(facts, policy)];
  const rules = [...evidence, ...guards, ...better];
  const broken = rules.find(({ held }) => !held);
  const reason = broken?.words ?? better.map(({ words }) => words).join(', and ');
  const outcome = !broken
    ? 'better'
    : evidence.includes(broken)
      ? 'not enough evidence'
      : guards.includes(broken)
        ? 'guard broken'
        : 'not better';
  return { rulesVersion: PROMOTION_RULES, promote: !broken, outcome, reason, rules };
}

const rival = ({ championVersion }: PromotionFacts): string => rivalInWords(championVersion);

function enoughClusters({ positiveClusters, negativeClusters }: PromotionFacts): RuleResult {
  const value = Math.min(positiveClusters, negativeClusters);
  const held = value >= MIN_CLUSTERS;
  return {
    name: 'enough evidence',
    held,
    value,
    bound: MIN_CLUSTERS,
    words:
      `the holdout has ${positiveClusters} positive and ${negativeClusters} negative clusters, ` +
      `${held ? 'at least' : 'fewer than'} ${MIN_CLUSTERS} of each`,
  };
}

const noLeak = ({ leakedClusters }: PromotionFacts): RuleResult => ({
  name: 'no leak',
  held: leakedClusters === 0,
  value: leakedClusters,
  bound: 0,
  words: `${leakedClusters} holdout clusters were in a training set`,
});

function logLossKept(facts: PromotionFacts, { logLossTolerance }: PromotionPolicy): RuleResult {
  const value = facts.candidateLogLoss;
  const bound = facts.logLossToBeat + logLossTolerance;
  const held = value <= bound;
  return {
    name: 'calibration guard',
    held,
    value,
    bound,
    words:
      `log loss ${value.toFixed(3)} is ${held ? 'within' : 'beyond'} ${logLossTolerance} of ` +
      `${facts.logLossToBeat.toFixed(3)} by ${rival(facts)}`,
  };
}

function surelyBetter(facts: PromotionFacts): RuleResult {
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

// Far smaller ones say nothing more, and the smallest would read as nought.
const pInWords = (p: number): string => (p < 1e-4 ? '<0.0001' : p.toPrecision(2));

function delta(facts: PromotionFacts, { minDelta }: PromotionPolicy): RuleResult {
  const { value } = facts.difference;
  const held = value >= minDelta;
  return {
    name: 'minDelta',
    held,
    value,
    bound: minDelta,
    words: `the difference of ${value.toFixed(3)} ${held ? 'reaches' : 'does not reach'} ${minDelta}`,
  };
}

function notWorse(facts: PromotionFacts, { margin }: PromotionPolicy): RuleResult {
  const { low } = facts.difference;
  const held = low > -margin;
  return {
    name: 'non-inferiority',
    held,
    value: low,
    bound: -margin,
    words: `AUC is ${held ? 'not' : 'perhaps'} worse than that of ${rival(facts)} by more than ${margin}: difference ${intervalInWords(facts.difference)}`,
  };
}
