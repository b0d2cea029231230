// The filter of searches, and what may be written about a model.
import { describe, expect, it } from 'vitest';
import { aliasProblem, factTextProblem, tagKeyProblem } from '../../../domain/registry/facts.ts';
import { isLike, parseFilter, satisfies, type Searched } from '../../../domain/registry/filter.ts';

const searched: Searched = {
  name: 'churn-eu',
  stages: ['Production', 'Archived'],
  versions: [1, 2],
  aliases: ['champion', 'blue'],
  description: "Ada's model",
  trainers: ['logistic-regression'],
  tags: { team: 'growth', 'cost center': '42', AND: 'x' },
};
const finds = (filter: string): boolean => satisfies(searched, parseFilter(filter));

describe('a filter', () => {
  it.each([
    '',
    "name = 'churn-eu'",
    "name LIKE 'churn%' AND stage = 'Production'",
    "name ilike 'CHURN%' and tags.team = 'growth'",
    'tag.team = "growth"',
    "tags.`cost center` = '42' AND tags.\"cost center\" != '43'",
    'version = 2',
    "alias = 'champion' AND description = 'Ada''s model'",
    "tags.AND = 'x' AND trainer LIKE '%regression'",
    "tags.absent != 'x'",
  ])('%s finds what satisfies it', (filter) => expect(finds(filter)).toBe(true));

  it.each([
    "name = 'CHURN-EU'",
    "name LIKE 'Churn%'",
    "stage = 'Staging'",
    "stage != 'Archived'",
    "tags.absent LIKE '%'",
    "tags.constructor LIKE '%'",
    "tags.team = 'growth' AND version = 3",
    `name = ''' or 1=1 --'`,
  ])('%s does not find it', (filter) => expect(finds(filter)).toBe(false));

  it.each([
    ['name', 'expected =, !=, LIKE or ILIKE at its end'],
    ["name == 'x'", 'expected a text in quotes after = and found "="'],
    ["name = 'x' OR name = 'y'", 'expected AND and found "OR"'],
    ["name = 'x' AND", 'expected one of'],
    ["name = 'x", 'cannot read'],
    ["tags. = 'x'", 'expected the key of a tag and found "="'],
    [
      "owner = 'x'",
      'expected one of name, stage, version, alias, description, trainer or tags.<key> and found "owner"',
    ],
    ["name = 'x'; drop table tag", 'cannot read'],
    ['a'.repeat(2_001), 'longer than 2000'],
  ])('%s is refused with what is wrong', (filter, why) => {
    expect(() => parseFilter(filter)).toThrow(why);
  });

  it('matches patterns in time that does not explode', () => {
    expect(isLike('abc', 'a_c')).toBe(true);
    expect(isLike('abc', 'a%')).toBe(true);
    expect(isLike('abc', '%b')).toBe(false);
    expect(isLike('', '%%')).toBe(true);
    expect(isLike('a.c', 'a.c')).toBe(true);
    expect(isLike('abc', 'a.c')).toBe(false);
    expect(isLike('a'.repeat(5_000), `${'%a'.repeat(500)}b`)).toBe(false);
  });
});

describe('what people write', () => {
  it('is kept as text, whatever it looks like elsewhere', () => {
    for (const text of [
      "'; drop table tidegate.tag; --",
      '<script>alert(1)</script>',
      '{{7*7}}',
      'a\n\tb',
      'ключ 键 👩‍👩‍👧',
    ]) {
      expect(factTextProblem(text), text).toBeUndefined();
    }
    expect(factTextProblem('x'.repeat(5_001))).toMatch('at most 5000');
    for (const text of ['a\0b', 'a\u202Eb', '\uD800', 'a\x1b[31m'])
      expect(factTextProblem(text)).toMatch('control');
    for (const key of ['', ' ', 'a\nb', 'a\u200Bb', 'k'.repeat(251)])
      expect(tagKeyProblem(key)).toBeDefined();
    expect(tagKeyProblem("o'brien <b>")).toBeUndefined();
  });

  it('cannot move an alias that follows the stages, or one that reads as a version', () => {
    for (const alias of [
      'champion',
      'Challenger',
      'latest',
      'v3',
      '7',
      '',
      'a b',
      '../x',
      '-a',
      'a'.repeat(251),
    ])
      expect(aliasProblem(alias), alias).toBeDefined();
    for (const alias of ['blue', 'eu.2024_shadow-1', 'v3-beta']) expect(aliasProblem(alias)).toBeUndefined();
  });
});
