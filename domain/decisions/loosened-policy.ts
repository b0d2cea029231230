// Finds the rules of a promotion policy that a new definition loosens. Such a definition waits until another approver has
// accepted it.
import { type ModelDefinition } from '../model/definition.ts';
import { durationOf, toMilliseconds } from '../model/parts/duration.ts';
import { type FrozenPolicy } from './promotion-policy.ts';
import { watchPolicyOf } from './watch.ts';

/** A rule that a definition loosens, with its value before and after as JSON; a value that is left out is null. */
export interface LoosenedRule {
  /** Path in the definition. @example 'promotion.approvals' */
  readonly at: string;
  readonly was: unknown;
  readonly becomes: unknown;
}

/** The rules of a promotion policy that are about people and time. */
export type PolicyRules = FrozenPolicy & { readonly expiresAfter: string };

/** Returns the rules of a definition, with the defaults filled in. */
export const policyRulesOf = ({
  promotion: { approvals, unverifiedSignals, expiresAfter, ...said },
}: Pick<ModelDefinition, 'promotion'>): PolicyRules => ({
  approvals,
  approvers: {
    role: said.approvers?.role ?? 'approver',
    ...(said.approvers?.groups && { groups: said.approvers.groups }),
  },
  rejection: said.rejection ?? 'ends',
  commentRequired: said.commentRequired ?? false,
  selfApproval: said.selfApproval ?? 'refuse',
  unverifiedSignals,
  rollback: said.rollback ?? 'operator',
  expiresAfter,
  ...(said.watch !== undefined && { watch: said.watch }),
});

interface Rule {
  readonly at: string;
  readonly value: (rules: PolicyRules) => unknown;
  readonly isLooser: (was: PolicyRules, becomes: PolicyRules) => boolean;
}

const RULES: readonly Rule[] = [
  {
    at: 'approvals',
    value: ({ approvals }) => approvals,
    isLooser: (was, becomes) => becomes.approvals < was.approvals,
  },
  {
    at: 'approvers.role',
    value: ({ approvers }) => approvers.role,
    isLooser: (was, becomes) => was.approvers.role === 'admin' && becomes.approvers.role === 'approver',
  },
  {
    at: 'approvers.groups',
    value: ({ approvers }) => approvers.groups,
    // More groups are more people, and no group at all is everybody with the role.
    isLooser: ({ approvers: { groups: before } }, { approvers: { groups } }) =>
      before !== undefined && (groups === undefined || groups.some((group) => !before.includes(group))),
  },
  becomes('rejection', 'counts'),
  becomes('commentRequired', false),
  becomes('selfApproval', 'record'),
  becomes('unverifiedSignals', 'accept'),
  becomes('rollback', 'operator'),
  {
    at: 'expiresAfter',
    value: ({ expiresAfter }) => expiresAfter,
    // What is approved later rests on older evidence.
    isLooser: (was, now) => milliseconds(now.expiresAfter) > milliseconds(was.expiresAfter),
  },
  {
    at: 'watch',
    value: ({ watch }) => watch,
    isLooser: (was, now) => watchPolicyOf(was) !== null && watchPolicyOf(now) === null,
  },
  watchRule('for', 'forMs', (was, now) => now < was),
  watchRule('minRequests', 'minRequests', (was, now) => now > was),
  watchRule('maxErrorRate', 'maxErrorRate', (was, now) => now > was),
  watchRule('maxLatencyMs', 'maxLatencyMs', (was, now) => now > was),
  watchRule('maxScoreShift', 'maxScoreShift', (was, now) => now > was),
  watchRule('onBreach', 'onBreach', (was, now) => was === 'roll back' && now === 'alert'),
];

/**
 * Returns every rule that is looser in the second policy than in the first, also if other rules are stricter. Rules of the
 * comparison, such as `minDelta`, do not count: each approver sees them in the evidence.
 *
 * @example loosenedRules(current, { ...current, approvals: 1 }) // [{ at: 'promotion.approvals', was: 2, becomes: 1 }]
 */
export const loosenedRules = (was: PolicyRules, next: PolicyRules): LoosenedRule[] =>
  RULES.filter(({ isLooser }) => isLooser(was, next)).map(({ at, value }) => ({
    at: `promotion.${at}`,
    was: value(was) ?? null,
    becomes: value(next) ?? null,
  }));

/** Describes loosened rules. @example describeLoosened(rules) // 'promotion.approvals from 2 to 1' */
export const describeLoosened = (rules: readonly LoosenedRule[]): string =>
  rules.map(({ at, was, becomes: now }) => `${at} from ${shown(was)} to ${shown(now)}`).join(', ');

const shown = (value: unknown): string => (value === null ? 'nothing' : JSON.stringify(value));

const milliseconds = (span: string): number => toMilliseconds(durationOf(span));

/** A rule with two values, of which one is looser. */
function becomes(at: keyof PolicyRules, looser: unknown): Rule {
  return {
    at,
    value: (rules) => rules[at],
    isLooser: (was, now) => was[at] !== looser && now[at] === looser,
  };
}

type Watch = NonNullable<ReturnType<typeof watchPolicyOf>>;

/** A rule of the watch. A watch that is off has none. */
function watchRule<Name extends keyof Watch>(
  at: string,
  name: Name,
  isLooser: (was: Watch[Name], now: Watch[Name]) => boolean,
): Rule {
  return {
    at: `watch.${at}`,
    value: (rules) => watchPolicyOf(rules)?.[name],
    isLooser: (was, now) => {
      const [before, after] = [watchPolicyOf(was), watchPolicyOf(now)];
      return before !== null && after !== null && isLooser(before[name], after[name]);
    },
  };
}
