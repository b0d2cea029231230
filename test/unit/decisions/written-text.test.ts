// Names and texts that people send: valid names and comments, and how invalid ones are recorded.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  nameProblem,
  printableName,
  readableText,
  sameName,
  textProblem,
} from '../../../domain/decisions/written-text.ts';

const unprintable: [name: string, code: string][] = [
  ['grace\nroot: ok', '\\n'],
  ['grace\r', '\\r'],
  ['grace\tadmin', '\\t'],
  ['grace\0', '\\u{0}'],
  ['\u001b[31mgrace', '\\u{1b}'],
  ['grace\u0085', '\\u{85}'],
  ['grace\u2028ok', '\\u{2028}'],
  ['grace\u202eecarg', '\\u{202e}'],
  ['\u2067grace', '\\u{2067}'],
  ['gra\u200bce', '\\u{200b}'],
  ['gra\u00adce', '\\u{ad}'],
  ['\ufeffgrace', '\\u{feff}'],
  ['grace\u3164', '\\u{3164}'],
  ['grace\u{e0041}', '\\u{e0041}'],
  ['grace\ud800', '\\u{d800}'],
];

describe('a name', () => {
  test.each([
    'grace',
    'Zoë O’Brien',
    '李小龍',
    'Ørsted-Łukasz, A.',
    'ada@example.com',
    'CORP\\ada',
    'नमिता',
    '7',
    'x'.repeat(200),
  ])('%j is accepted', (name) => {
    expect(nameProblem('by', name)).toBeUndefined();
    expect(printableName(name)).toBe(name);
  });

  test.each(['', '   ', '---', 'x'.repeat(201), 7, null, undefined, {}])('%j is refused', (name) => {
    expect(nameProblem('by', name)).toBe('by must name a person, in at most 200 characters');
  });

  test.each(unprintable)(
    '%j is refused because of %s, and recorded with that escape sequence',
    (name, code) => {
      expect(nameProblem('by', name)).toBe(`by must be one printable line: it contains ${code}`);
      expect(printableName(name)).toContain(code);
      expect(nameProblem('by', printableName(name))).toBeUndefined();
    },
  );

  test('any name is recorded as one printable line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const name = printableName(text);
        expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(name.length).toBeLessThanOrEqual(200);
      }),
    );
  });

  test('is the same with other letter case, spaces and compositions', () => {
    expect(sameName(' Ada  Lovelace', 'ada lovelace')).toBe(true);
    expect(sameName('Zo\u00eb', 'Zoe\u0308')).toBe(true);
    expect(sameName('ada\u00a0lovelace', 'ada lovelace')).toBe(true);
    expect(sameName('ａｄａ', 'ada')).toBe(true);
    expect(sameName('ada', 'eda')).toBe(false);
  });
});

describe('a comment', () => {
  test.each(['', 'two\nlines', 'a\r\nb\tc', '👩‍👩‍👧 fine', 'x'.repeat(2_000)])('%j is accepted', (text) => {
    expect(textProblem('comment', text)).toBeUndefined();
    expect(readableText(text)).toBe(text);
  });

  test.each(['\0', 'a\u001b[2J', '\u0008', 'a\u202eb', '\ud800', 'a\u0085b'])(
    '%j is refused, and recorded by its code',
    (text) => {
      expect(textProblem('comment', text)).toMatch(
        /^comment may contain line breaks, but no other control characters: it contains/,
      );
      expect(textProblem('comment', readableText(text))).toBeUndefined();
    },
  );
});
