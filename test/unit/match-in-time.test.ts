// Regular expressions with a time limit, which all patterns of a window share.
import { expect, test } from 'vitest';
import { matchInTime } from '../../activities/check-quality.ts';
import { matchTexts } from '../../domain/model/parts/regex.ts';

const RUNAWAY = '(a+)+';
const victim = `${'a'.repeat(60)}!`;

test('harmless patterns give the same matches as without a time limit', () => {
  const values = ['abc', 'ABC', '7590-VHVEG', '', '😀', 'abc\n'];
  for (const pattern of ['[a-z]+', '\\d{4}-[A-Z]{5}', '.', '|x', '\\p{Emoji}']) {
    expect(matchInTime()(pattern, values)).toEqual(matchTexts(pattern, values));
  }
});

test('a pattern that backtracks endlessly is stopped, and later patterns are not tried', () => {
  const match = matchInTime(50);
  expect(match('a', ['a'])).toEqual([true]);
  expect(match(RUNAWAY, [victim])).toBe('takes too long');
  expect(match('a', ['a'])).toBe('takes too long');
  expect(matchInTime(50)('a', ['a'])).toEqual([true]);
});

test('many harmless values are matched within the time limit', () => {
  const values = Array.from({ length: 200_000 }, (_, at) => `u${at}`);
  const verdicts = matchInTime()('u\\d+', values);
  expect(verdicts).toHaveLength(values.length);
  expect(verdicts).not.toContain(false);
});
