// The filter of searches over models and versions: comparisons joined by AND, in the grammar of MLflow's registry.
import { TidegateError } from '../errors.ts';
import { excerpt } from '../excerpt.ts';

/** What a filter can compare. `tags` needs a key. */
const FIELDS = ['name', 'stage', 'version', 'alias', 'description', 'trainer', 'tags'] as const;

type Field = (typeof FIELDS)[number];
type Operator = '=' | '!=' | 'LIKE' | 'ILIKE';

/** One comparison of a filter. */
export interface Comparison {
  readonly field: Field;
  /** The key of the tag, if the field is `tags`. */
  readonly key: string | null;
  readonly operator: Operator;
  readonly value: string;
}

/** The facts of one model or version that a filter is compared with. */
export interface Searched {
  readonly name: string;
  /** Stages of the version, or of any version of the model. */
  readonly stages: readonly string[];
  readonly versions: readonly number[];
  readonly aliases: readonly string[];
  readonly description: string;
  readonly trainers: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Longest filter, in characters. */
export const MAX_FILTER = 2_000;

const TOKEN =
  /\s*(?:(?<word>[A-Za-z_][\w.-]*)|(?<text>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?<quoted>`[^`]*`)|(?<number>\d+)|(?<sign>!=|=))/y;

/**
 * Parses a filter.
 *
 * @throws TidegateError INVALID_REQUEST saying where it cannot be read
 * @example parseFilter("tags.team = 'growth' AND stage = 'Production'")
 */
export function parseFilter(text: string): Comparison[] {
  if (text.length > MAX_FILTER) throw unreadable(`it is longer than ${MAX_FILTER} characters`);
  const tokens = tokensOf(text);
  const comparisons: Comparison[] = [];
  let at = 0;
  const take = (): Token | undefined => tokens[(at += 1) - 1];
  while (at < tokens.length) {
    if (comparisons.length > 0) {
      const joined = take();
      if (joined?.word?.toUpperCase() !== 'AND') throw unreadable(`expected AND${near(joined)}`);
    }
    const { field, key } = subjectOf(take(), () => take());
    const operator = operatorOf(take());
    const valueToken = take();
    const value = valueToken?.text ?? valueToken?.number;
    if (value === undefined)
      throw unreadable(`expected a text in quotes after ${operator}${near(valueToken)}`);
    comparisons.push({ field, key, operator, value });
  }
  return comparisons;
}

interface Token {
  readonly source: string;
  readonly word?: string | undefined;
  readonly text?: string | undefined;
  readonly quoted?: string | undefined;
  readonly number?: string | undefined;
  readonly sign?: string | undefined;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const from = TOKEN.lastIndex;
    const found = TOKEN.exec(trimmed);
    if (!found?.groups) throw unreadable(`cannot read ${excerpt(trimmed.slice(from).trim())}`);
    const { word, text: literal, quoted, number, sign } = found.groups;
    tokens.push({
      source: found[0].trim(),
      word,
      quoted: quoted?.slice(1, -1),
      number,
      sign,
      // A quote is doubled inside the quotes.
      text: literal?.slice(1, -1).replaceAll(literal.charAt(0).repeat(2), literal.charAt(0)),
    });
  }
  return tokens;
}

/** Reads `name`, `tags.team`, or `tags.` followed by a key in quotes. */
function subjectOf(
  token: Token | undefined,
  take: () => Token | undefined,
): Pick<Comparison, 'field' | 'key'> {
  const word = token?.word ?? '';
  const [, , key] = /^(tags?)\.(.*)$/i.exec(word) ?? [];
  if (key !== undefined) {
    const quoted = key === '' ? take() : undefined;
    const name = key === '' ? (quoted?.text ?? quoted?.quoted) : key;
    if (name === undefined || name === '') throw unreadable(`expected the key of a tag${near(quoted)}`);
    return { field: 'tags', key: name };
  }
  const field = FIELDS.find((known) => known === word.toLowerCase() && known !== 'tags');
  if (!field) {
    throw unreadable(
      `expected one of ${FIELDS.filter((known) => known !== 'tags').join(', ')} or tags.<key>${near(token)}`,
    );
  }
  return { field, key: null };
}

function operatorOf(token: Token | undefined): Operator {
  const operator = token?.sign ?? token?.word?.toUpperCase();
  if (operator === '=' || operator === '!=' || operator === 'LIKE' || operator === 'ILIKE') return operator;
  throw unreadable(`expected =, !=, LIKE or ILIKE${near(token)}`);
}

const near = (token: Token | undefined): string =>
  token ? ` and found "${excerpt(token.source)}"` : ' at its end';

const unreadable = (why: string): TidegateError =>
  new TidegateError('INVALID_REQUEST', `the filter cannot be read: ${why}`, {
    remedy: "Write a filter such as `tags.team = 'growth' AND name LIKE 'churn%' AND stage = 'Production'`.",
  });

/** Whether a model or version satisfies every comparison. `!=` is satisfied only if no value is equal. */
export const satisfies = (searched: Searched, comparisons: readonly Comparison[]): boolean =>
  comparisons.every(({ field, key, operator, value }) => {
    const values = valuesOf(searched, field, key);
    if (operator === '!=') return !values.includes(value);
    if (operator === '=') return values.includes(value);
    const fold = (text: string): string => (operator === 'ILIKE' ? text.toLowerCase() : text);
    return values.some((each) => isLike(fold(each), fold(value)));
  });

function valuesOf(searched: Searched, field: Field, key: string | null): readonly string[] {
  switch (field) {
    case 'name':
      return [searched.name];
    case 'stage':
      return searched.stages;
    case 'version':
      return searched.versions.map(String);
    case 'alias':
      return searched.aliases;
    case 'description':
      return [searched.description];
    case 'trainer':
      return searched.trainers;
    case 'tags': {
      const { tags } = searched;
      return key !== null && Object.hasOwn(tags, key) ? [tags[key]!] : [];
    }
  }
}

/**
 * Whether a text matches a pattern in which `%` stands for any characters and `_` for one. Takes time proportional to the
 * product of their lengths at most, whatever the pattern is.
 *
 * @example isLike('churn-eu', 'churn%') // true
 */
export function isLike(text: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let restart = 0;
  while (at < text.length) {
    const expected = pattern[place];
    if (expected === '%') {
      star = place;
      restart = at;
      place += 1;
    } else if (expected !== undefined && (expected === '_' || expected === text[at])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      place = star + 1;
      restart += 1;
      at = restart;
    } else return false;
  }
  return /^%*$/.test(pattern.slice(place));
}
