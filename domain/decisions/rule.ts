// Rules as decisions apply them, and the one form in which they are stored.

/** What every rule records: what was measured, the bound it was compared with, and both in a sentence. */
interface AppliedRule {
  readonly name: string;
  readonly value: number | string | null;
  readonly bound: number | string | null;
  /** One sentence with the numbers. */
  readonly words: string;
}

/** A condition that must be met, such as enough labels. */
export interface Requirement extends AppliedRule {
  readonly met: boolean;
  /** Present if the condition is not met but the policy only warns. */
  readonly warns?: true;
}

/** A reason to act, such as drift of a critical column. */
export interface Reason extends AppliedRule {
  readonly applies: boolean;
}

/** Something that stops the decision, such as a broken contract. */
export interface Obstacle extends AppliedRule {
  readonly blocks: boolean;
}

/** A rule as it is stored with its decision. */
export interface RuleResult extends AppliedRule {
  /** Whether the requirement is met, the reason applies or the obstacle blocks. */
  readonly held: boolean;
  /** Present if a requirement is not met but the policy only warns. */
  readonly warns?: true;
}

/** The stored form of a rule. @example ruleResult({ ...rule, met: false }).held // false */
export function ruleResult(rule: Requirement | Reason | Obstacle): RuleResult {
  const { name, value, bound, words } = rule;
  if ('applies' in rule) return { name, held: rule.applies, value, bound, words };
  if ('blocks' in rule) return { name, held: rule.blocks, value, bound, words };
  return { name, held: rule.met, ...(rule.warns && { warns: rule.warns }), value, bound, words };
}
