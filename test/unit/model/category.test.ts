// The category of a text is its first 1,000 characters.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ColumnBuilder } from '../../../domain/drift/tables/column-builder.ts';
import { categoryOf } from '../../../domain/model/parts/category.ts';
import { category } from '../../../domain/model/parts/column.ts';
import { matchTexts, regex } from '../../../domain/model/parts/regex.ts';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import { bucket, coalesce, equals } from '../../../domain/model/index.ts';
import { account, withDerived } from './derived/sample.ts';

const X = 'x'.repeat(998);

describe('the category of a text', () => {
  it.each([
    ['an empty text', '', ''],
    ['1,000 letters', `${X}ab`, `${X}ab`],
    ['1,001 letters', `${X}abc`, `${X}ab`],
    ['a text with a surrogate pair as its 1,000th character', `${X}a😀b`, `${X}a😀`],
    ['a text with a surrogate pair after its 1,000th character', `${X}ab😀`, `${X}ab`],
    ['1,000 emoji, which are 2,000 code units', '😀'.repeat(1_000), '😀'.repeat(1_000)],
    ['1,001 emoji', '😀'.repeat(1_001), '😀'.repeat(1_000)],
    ['a text with a combining accent after its 1,000th character', `${X}ae\u0301`, `${X}ae`],
  ])('has at most 1,000 whole code points: %s', (_, text, expected) => {
    expect(categoryOf(text)).toBe(expected);
  });

  it('is the beginning of the text, and does not change if it is truncated again', () => {
    const unit = fc.constantFrom('a', 'é', '\u0301', '😀', '👩‍👩‍👧', '\n');
    const text = fc
      .array(unit, { minLength: 400, maxLength: 1_500, size: 'max' })
      .map((units) => units.join(''));
    fc.assert(
      fc.property(text, (given) => {
        const found = categoryOf(given);
        expect(found).toBe(Array.from(given).slice(0, 1_000).join(''));
        expect(categoryOf(found)).toBe(found);
      }),
    );
  });
});

test('texts that differ only after 1,000 characters are one category in a compared table', () => {
  const builder = new ColumnBuilder('note');
  for (const cell of [`${X}a😀1`, `${X}a😀2`, null, `${X}b😀1`]) builder.add(cell);
  expect(builder.column()).toMatchObject({ dictionary: [`${X}a😀`, `${X}b😀`] });
});

test('a category of 1,000 emoji is matched against a pattern, although it has 2,000 code units', () => {
  const stated = regex.stated(category(undefined, { matches: '😀+' }), matchTexts);
  const check = stated?.texts;
  const verdicts = typeof check === 'function' ? check(['😀'.repeat(1_000), '😀'.repeat(1_001)]) : check;
  expect(verdicts).toEqual([true, false]);
});

const long = `${X}abc`;
const definitionWith = (columns: Parameters<typeof category>[0]) => ({
  ...withDerived({}),
  features: [{ ...account, columns: { ...account.columns, plan: category(columns) } }],
});

describe('a text in a definition that is too long to be a category', () => {
  it.each([
    ['a value of a column', definitionWith(['a', long])],
    ['the value of equals', withDerived({ made: equals('plan', long) })],
    ['otherwise of coalesce', withDerived({ made: coalesce(['plan'], { otherwise: long }) })],
    ['a value of coalesce', withDerived({ made: coalesce(['plan'], { values: [long] }) })],
    ['a label of a bucket', withDerived({ made: bucket('fee', [1], { labels: ['a', long] }) })],
    ['a slice', { ...withDerived({}), promotion: { slices: [{ name: 'a', where: { plan: long } }] } }],
  ])('is refused as %s', (_, input) => {
    expect(() => parseDefinition(input)).toThrow('must have at most 1000 characters');
  });

  it('is allowed at exactly 1,000 characters', () => {
    expect(() => parseDefinition(definitionWith(['a', `${X}a😀`]))).not.toThrow();
  });
});
