// decideRetrain: whether a window's report is reason to train a new version.
import { type Interval } from './interval.ts';
import { type RuleResult } from './rule.ts';

/** Version of these rules; stored with each decision. */
export const RETRAIN_RULES = 'retrain/1';

/** What the decision looks at. */
export interface RetrainFacts {
  /** The version in Production; null before the first. */
  readonly champion: { readonly version: number; readonly promised: Interval | null } | null;
  readonly drift: { readonly share: number; readonly driftedColumns: readonly string[] } | null;
  /** The champion's realised AUC on this window's holdout; null where too few labels are mature. */
  readonly realised: Interval | null;
  /** Labelled rows of the window outside the holdout. */
  readonly freshLabels: number;
  /** Whether this same dataset and definition already led to a retrain. */
  readonly alreadyTrained: boolean;
  /** Whether an earlier report spoke of this same dataset. */
  readonly alreadyReported: boolean;
  /** The youngest refusal, if it lies within the cooldown, with the AUC realised then. */
  readonly recentRefusal: { readonly at: string; readonly realisedAuc: number | null } | null;
}

/** Bounds from the definition. */
export interface RetrainPolicy {
  readonly share: number;
  readonly critical: readonly string[];
  readonly minLabels: number;
}

/** Why a retrain starts, or why not. */
export type RetrainOutcome =
  | 'bootstrap'
  | 'performance'
  | 'critical'
  | 'share'
  | 'waiting for labels'
  | 'cooling down'
  | 'none'
  | 'nothing new';

/** The decision with every rule it rests on. */
export interface RetrainDecision {
  readonly rulesVersion: string;
  readonly retrain: boolean;
  readonly outcome: RetrainOutcome;
  readonly reason: string;
  readonly rules: readonly RuleResult[];
}

const three = (value: number): string => value.toFixed(3);

/**
 * Decides by the first reason that holds: bootstrap, performance, critical, share. A reason does not start a retrain
 * while fresh labels are too few (it would relearn the old world) or while the same case is cooling down.
 * Every rule is recorded, whether it decided or not.
 */
export function decideRetrain(facts: RetrainFacts, policy: RetrainPolicy): RetrainDecision {
  const reasons = [bootstrap(facts), performance(facts), critical(facts, policy), share(facts, policy)];
  const labels = enoughLabels(facts, policy);
  const cooling = coolingDown(facts);
  const rules = [...reasons, labels, cooling];
  const first = reasons.find(({ held }) => held);
  const decide = (retrain: boolean, outcome: RetrainOutcome, reason: string): RetrainDecision => ({
    rulesVersion: RETRAIN_RULES,
    retrain,
    outcome,
    reason,
    rules,
  });

  if (!first) {
    return facts.alreadyReported
      ? decide(
          false,
          'nothing new',
          'the same rows were reported before, and nothing in them is reason to retrain',
        )
      : decide(false, 'none', 'no rule asks for a retrain');
  }
  if (!labels.held) return decide(false, 'waiting for labels', `${first.words}, but ${labels.words}`);
  if (cooling.held) return decide(false, 'cooling down', `${first.words}, but ${cooling.words}`);
  return decide(true, first.name as RetrainOutcome, first.words);
}

const bootstrap = ({ champion }: RetrainFacts): RuleResult => ({
  name: 'bootstrap',
  held: champion === null,
  value: champion?.version ?? null,
  bound: null,
  words: champion === null ? 'no version is in Production' : `version ${champion.version} is in Production`,
});

function performance({ champion, realised }: RetrainFacts): RuleResult {
  const promised = champion?.promised ?? null;
  const rule = { name: 'performance', value: realised?.value ?? null, bound: promised?.low ?? null };
  if (champion === null) return { ...rule, held: false, words: 'no champion whose AUC could be realised' };
  if (promised === null) return { ...rule, held: false, words: 'the champion promised no AUC' };
  if (realised === null) return { ...rule, held: false, words: 'too few mature labels to realise an AUC' };
  const held = realised.high < promised.low;
  return {
    ...rule,
    held,
    words:
      `the champion's AUC is ${three(realised.value)} (at most ${three(realised.high)}), ` +
      `${held ? 'below' : 'not surely below'} the ${three(promised.low)} to ${three(promised.high)} it promised`,
  };
}

function critical({ drift }: RetrainFacts, policy: RetrainPolicy): RuleResult {
  const drifted = policy.critical.filter((name) => drift?.driftedColumns.includes(name));
  return {
    name: 'critical',
    held: drifted.length > 0,
    value: drifted.join(', '),
    bound: policy.critical.join(', '),
    words:
      drifted.length > 0 ? `critical columns drifted: ${drifted.join(', ')}` : 'no critical column drifted',
  };
}

function share({ drift }: RetrainFacts, policy: RetrainPolicy): RuleResult {
  if (!drift) {
    return {
      name: 'share',
      held: false,
      value: null,
      bound: policy.share,
      words: 'drift has no reference yet',
    };
  }
  const held = drift.driftedColumns.length > 0 && drift.share >= policy.share;
  const names = drift.driftedColumns.length > 0 ? ` (${drift.driftedColumns.join(', ')})` : '';
  return {
    name: 'share',
    held,
    value: drift.share,
    bound: policy.share,
    words: `${three(drift.share)} of the columns drifted${names}, ${held ? 'at least' : 'below'} ${policy.share}`,
  };
}

const enoughLabels = ({ freshLabels }: RetrainFacts, { minLabels }: RetrainPolicy): RuleResult => ({
  name: 'fresh labels',
  held: freshLabels >= minLabels,
  value: freshLabels,
  bound: minLabels,
  words: `${freshLabels} labelled rows are there to learn from, ${freshLabels >= minLabels ? 'at least' : 'fewer than'} ${minLabels}`,
});

function coolingDown({ alreadyTrained, recentRefusal, realised }: RetrainFacts): RuleResult {
  const rule = { name: 'cooling down', value: recentRefusal?.at ?? null, bound: null };
  if (alreadyTrained) {
    return { ...rule, held: true, words: 'these rows and this definition already led to a retrain' };
  }
  if (!recentRefusal) return { ...rule, held: false, words: 'no candidate was refused lately' };
  const then = recentRefusal.realisedAuc;
  const fellFurther = realised !== null && then !== null && realised.high < then;
  return {
    ...rule,
    held: !fellFurther,
    words: fellFurther
      ? `a candidate was refused at ${recentRefusal.at}, but the AUC has fallen further since`
      : `a candidate was refused at ${recentRefusal.at}`,
  };
}
