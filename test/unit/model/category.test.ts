// A text is used as a category by its first 1,000 characters.
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
    ['nothing', '', ''],
    ['1,000 letters', `${X}ab`, `${X}ab`],
    ['1,001 letters', `${X}abc`, `${X}ab`],
    ['a pair that ends at the cut', `${X}a😀b`, `${X}a😀`],
    ['a pair behind the cut', `${X}ab😀`, `${X}ab`],
    ['1,000 emoji, which are 2,000 units', '😀'.repeat(1_000), '😀'.repeat(1_000)],
    ['1,001 emoji', '😀'.repeat(1_001), '😀'.repeat(1_000)],
    ['an accent of its own behind the cut', `${X}ae\u0301`, `${X}ae`],
  ])('of %s is at most 1,000 whole code points', (_, text, expected) => {
    expect(categoryOf(text)).toBe(expected);
  });

  it('is the beginning of the text, and its own category', () => {
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

test('a column of a compared table has one category for texts that differ only later', () => {
  const builder = new ColumnBuilder('note');
  for (const cell of [`${X}a😀1`, `${X}a😀2`, null, `${X}b😀1`]) builder.add(cell);
  expect(builder.column()).toMatchObject({ dictionary: [`${X}a😀`, `${X}b😀`] });
});

test('a category of 1,000 emoji is held against a pattern, though it has 2,000 units', () => {
  const stated = regex.stated(category(undefined, { matches: '😀+' }), matchTexts);
  const judge = stated?.texts;
  const verdicts = typeof judge === 'function' ? judge(['😀'.repeat(1_000), '😀'.repeat(1_001)]) : judge;
  expect(verdicts).toEqual([true, false]);
});

const long = `${X}abc`;
const definitionWith = (columns: Parameters<typeof category>[0]) => ({
  ...withDerived({}),
  features: [{ ...account, columns: { ...account.columns, plan: category(columns) } }],
});

describe('a category that no text can be', () => {
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

  it('has more than 1,000 characters', () => {
    expect(() => parseDefinition(definitionWith(['a', `${X}a😀`]))).not.toThrow();
  });
});
