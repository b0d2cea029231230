// The regex contract: a regular expression that the whole of each text matches.
import { categoryOf } from './category.ts';
import { type ContractRule, type MatchTexts, mostBroken } from './contract.ts';

/**
 * Every value matches `matches` from its first character to its last, with the flag `u`. Stated where a category says
 * it. Each distinct value is tried once. One that is longer than a category can be, from rows that were frozen before
 * texts were cut, is not tried and does not match: the time that a match takes may grow steeply with the length. A
 * pattern that takes too long on the window's values cannot be checked, and then the contract is not kept.
 */
export const regex: ContractRule = {
  kind: 'regex',
  violation: null,
  stated: (spec, match) => {
    if (spec.type !== 'category' || spec.matches === undefined) return undefined;
    const pattern = spec.matches;
    return {
      bound: mostBroken(spec),
      wrong: `do not match ${pattern}`,
      texts: (values) => {
        const short = values.filter((value) => categoryOf(value) === value);
        const verdicts = match(pattern, short);
        if (verdicts === 'takes too long') {
          return { problem: `${pattern} takes too long; write it without repetition inside repetition` };
        }
        const matching = new Set(short.filter((_, at) => verdicts[at]));
        return values.map((value) => matching.has(value));
      },
    };
  },
};

/**
 * Tries each text, however long that takes: for patterns that are known to be harmless.
 *
 * @example matchTexts('[a-z]+', ['abc', 'Abc']) // [true, false]
 */
export const matchTexts: MatchTexts = (pattern, values) => {
  const whole = new RegExp(wholeValue(pattern), 'u');
  return values.map((value) => whole.test(value));
};

/** The pattern that matches what the given one matches from beginning to end. */
export const wholeValue = (pattern: string): string => `^(?:${pattern})$`;
