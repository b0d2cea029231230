// The regex contract: every value of a category column matches a regular expression as a whole.
import { categoryOf } from './category.ts';
import { type ContractRule, type MatchTexts, maxBroken } from './contract.ts';

/**
 * Requires that the pattern `matches` of a category column fits every value from its first character to its last, with the
 * flag `u`. Each distinct value is tested once. Rows that were frozen before texts were
 * truncated may contain a value longer than the longest category. Such a value is not tested and counts as not
 * matching, because the time of a match may grow steeply with the length. If the pattern takes too long on the values
 * of the window, the contract cannot be checked and counts as broken.
 */
export const regex: ContractRule = {
  kind: 'regex',
  violation: null,
  stated: (spec, match) => {
    if (spec.type !== 'category' || spec.matches === undefined) return undefined;
    const pattern = spec.matches;
    return {
      bound: maxBroken(spec),
      wrong: `do not match ${pattern}`,
      texts: (values) => {
        const short = values.filter((value) => categoryOf(value) === value);
        const verdicts = match(pattern, short);
        if (verdicts === 'takes too long') {
          return { problem: `${pattern} takes too long to match; write it without nested repetition` };
        }
        const matching = new Set(short.filter((_, at) => verdicts[at]));
        return values.map((value) => matching.has(value));
      },
    };
  },
};

/**
 * Tests each text without a time limit: only for patterns that are known to be harmless.
 *
 * @example matchTexts('[a-z]+', ['abc', 'Abc']) // [true, false]
 */
export const matchTexts: MatchTexts = (pattern, values) => {
  const whole = new RegExp(wholeValue(pattern), 'u');
  return values.map((value) => whole.test(value));
};

/** Returns a pattern that matches only whole values. @example wholeValue('a|b') // '^(?:a|b)$' */
export const wholeValue = (pattern: string): string => `^(?:${pattern})$`;
