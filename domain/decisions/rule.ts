// A rule as it was applied: what was measured, against which bound, and whether it held.

/** One rule of a decision, with the numbers it saw. */
export interface RuleResult {
  readonly name: string;
  /** Whether the rule's condition held. */
  readonly held: boolean;
  /** It did not hold, and by policy that warns and refuses nothing; absent in all other cases. */
  readonly warns?: true;
  readonly value: number | string | null;
  readonly bound: number | string | null;
  /** The rule in words, with its numbers. */
  readonly words: string;
}
