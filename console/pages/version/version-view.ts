// What the page of a version shows, and the words for it.
import { type ComparisonBody, evaluationsOf } from '../../../domain/decisions/comparison-body.ts';
import { type PromotionDecision } from '../../../domain/decisions/decide-promotion.ts';
import { type FrozenPolicy } from '../../../domain/decisions/promotion-policy.ts';
import { type DriftPart, type PerformancePart } from '../../../domain/decisions/report.ts';
import { type RuleResult } from '../../../domain/decisions/rule.ts';
import { type ValidationCheck } from '../../../domain/decisions/validation.ts';
import { count } from '../../format.ts';
import { type Outcome } from '../../parts/parts.ts';

/** One thing that happened to the version. */
export interface VersionEvent {
  readonly at: Date;
  /** Null for what a rule did. */
  readonly actor: string | null;
  readonly what: string;
  /** What the person wrote; empty if nothing. */
  readonly text: string;
  readonly tone: 'plain' | 'good' | 'alarm' | 'comment';
}

/** Whether the reader may decide. */
export type MayDecide =
  | {
      readonly state: 'may';
      /** Why the reader may reject but not approve; null if both are possible. */
      readonly notApprove: string | null;
      /** How many approvals are missing. */
      readonly missing: number;
      /** Whether an approval needs a comment too. */
      readonly commentRequired: boolean;
    }
  | { readonly state: 'may not'; readonly why: string };

/** A version with everything that is recorded about it. */
export interface VersionView {
  readonly model: string;
  readonly version: number;
  readonly stage: 'None' | 'Staging' | 'Production' | 'Archived';
  readonly createdAt: Date;
  readonly championVersion: number | null;
  readonly requestedBy: string;
  readonly trigger: string;
  readonly definitionVersion: number;
  readonly trainer: string;
  readonly artifactDigest: string;
  readonly training: {
    readonly from: Date;
    readonly to: Date;
    readonly rows: number;
    readonly trainingRows: number;
    readonly digest: string;
  };
  /** Null if it was never compared, for example because it was imported. */
  readonly comparison: ComparisonBody | null;
  readonly decision: PromotionDecision | null;
  readonly checks: readonly ValidationCheck[];
  /** The report that caused the retrain, if one did. */
  readonly report: {
    readonly id: number;
    readonly asOf: Date;
    readonly drift: DriftPart | null;
    readonly performance: PerformancePart | null;
    readonly reason: string | null;
    /** What the champion had promised. */
    readonly promised: { readonly low: number; readonly high: number } | null;
  } | null;
  readonly evidence: {
    readonly digest: string;
    readonly expiresAt: Date;
    readonly policy: FrozenPolicy | null;
  } | null;
  /** People who have approved, while the version waits. */
  readonly approvedBy: readonly string[];
  /** Whether it waits for a decision. */
  readonly waits: boolean;
  readonly events: readonly VersionEvent[];
  readonly mayDecide: MayDecide;
  readonly mayComment: boolean;
}

/** A rule or check with its outcome and a name for people. */
export interface JudgedRule {
  readonly name: string;
  readonly outcome: Outcome;
  readonly rule: Pick<RuleResult, 'value' | 'bound' | 'words'>;
}

const NAMES: Readonly<Record<string, string>> = {
  evaluation: 'Rows that decide',
  'holdout use': 'Use of the holdout',
  'enough evidence': 'Enough evidence',
  'no leak': 'No leak',
  'label times': 'Labels known in time',
  'right way round': 'Right way round',
  'calibration guard': 'Calibration kept',
  superiority: 'Significantly better',
  minDelta: 'Required margin',
  'non-inferiority': 'Not worse',
  'slice floor': 'No slice worse',
  artifact: 'Reloads identically',
  'online rows': 'Online rows complete',
  'one path': 'Same score alone',
  extremes: 'Odd input',
  speed: 'Fast enough',
};

const nameOf = (name: string): string =>
  Object.hasOwn(NAMES, name) ? NAMES[name]! : name.charAt(0).toUpperCase() + name.slice(1);

/** Rules that only record something and cannot fail. */
const RECORDED: ReadonlySet<string> = new Set(['evaluation', 'holdout use']);

/** All rules and checks: those that failed first, then warnings, then the others in the order in which they were applied. */
export function judgedRules({ decision, checks }: Pick<VersionView, 'decision' | 'checks'>): JudgedRule[] {
  const rules = (decision?.rules ?? []).map((rule): JudgedRule => ({
    name: nameOf(rule.name),
    outcome: outcomeOf(rule),
    rule,
  }));
  const ofDecision = new Set((decision?.rules ?? []).map(({ name }) => name));
  const validations = checks
    // The slice floor is checked twice: by the rules, and when the version is validated.
    .filter(({ name, passed }) => !passed || !ofDecision.has(name))
    .map(({ name, passed, words }): JudgedRule => ({
      name: nameOf(name),
      outcome: !passed ? 'failed' : words.startsWith('not applicable') ? 'not applicable' : 'passed',
      rule: { value: null, bound: null, words },
    }));
  return [...rules, ...validations].sort((a, b) => URGENCY[a.outcome] - URGENCY[b.outcome]);
}

const URGENCY: Readonly<Record<Outcome, number>> = {
  failed: 0,
  warned: 1,
  passed: 2,
  'not applicable': 3,
  recorded: 3,
};

function outcomeOf({ name, held, warns, value }: RuleResult): Outcome {
  if (!held) return warns ? 'warned' : 'failed';
  if (RECORDED.has(name)) return 'recorded';
  return value === 'not applicable' ? 'not applicable' : 'passed';
}

/** Counts rules that can pass or fail. @example 'All 14 rules pass.' */
export function rulesSentence(rules: readonly JudgedRule[]): string {
  const judged = rules.filter(
    ({ outcome }) => outcome === 'passed' || outcome === 'failed' || outcome === 'warned',
  );
  const failed = judged.filter(({ outcome }) => outcome === 'failed');
  const warned = judged.filter(({ outcome }) => outcome === 'warned').length;
  const warnings = warned === 0 ? '' : `, ${warned} only ${warned === 1 ? 'warns' : 'warn'}`;
  if (judged.length === 0) return 'No rule was applied.';
  if (failed.length === 0)
    return warned === 0
      ? `All ${judged.length} rules pass.`
      : `${judged.length - warned} of ${judged.length} rules pass${warnings}.`;
  return `${failed.length} of ${judged.length} rules failed: ${failed.map(({ name }) => lower(name)).join(', ')}.`;
}

const lower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** The verdict in one sentence, its beginning to be set in bold. */
export function verdictSentence(view: VersionView): { readonly strong: string; readonly rest: string } {
  const { version, championVersion, comparison, decision } = view;
  if (!comparison || !decision)
    return { strong: `Version ${version} was not compared with another`, rest: '.' };
  const other = championVersion === null ? 'guessing by the class prior' : `version ${championVersion}`;
  const rules = new Map(decision.rules.map((rule) => [rule.name, rule]));
  const better = rules.get('superiority');
  const notWorse = rules.get('non-inferiority');
  const strong = better
    ? better.held
      ? `Version ${version} is better than ${other}, and the difference is significant`
      : `Version ${version} is not significantly better than ${other}`
    : notWorse?.held
      ? `Version ${version} is not worse than ${other}`
      : `Version ${version} may be worse than ${other}`;
  return { strong, rest: `, ${rowsWords(view)}.` };
}

function rowsWords({ comparison, championVersion }: VersionView): string {
  const { leakedClusters, leakProof } = comparison!;
  const rows = `on ${count(evaluationsOf(comparison!).decides.rows)} held-out rows`;
  if (leakedClusters > 0) return `${rows}, some of which a version was trained on`;
  if ((leakProof?.unproven?.length ?? 0) > 0)
    return `${rows}; whether a version was trained on them cannot be proven`;
  return `${rows} that ${championVersion === null ? 'it was not' : 'neither version was'} trained on`;
}
