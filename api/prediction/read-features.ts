// Validates the features of a request against the definition and converts them.
import { categoryOf } from '../../domain/model/parts/category.ts';
import { type ColumnSpec, type FeatureSpec } from '../../domain/model/parts/column.ts';
import { type Derivation } from '../../domain/model/derivation.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { formulaOf } from '../../domain/model/derived/operators.ts';
import { errorAtPlaces, type ErrorCode, MAX_PLACES } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { isStorable } from '../schemas/common.ts';
import { readInstant } from '../schemas/prediction.ts';
import { type RowShape } from '../serving/row-shape.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';

interface Problem {
  readonly code: Extract<ErrorCode, 'UNKNOWN_FEATURE' | 'INVALID_FEATURE'>;
  readonly at: string;
  readonly problem: string;
}

/** One row of a request and its place there: `features` or `rows.3`. */
export interface RequestRow {
  readonly at: string;
  readonly features: Readonly<Record<string, unknown>>;
}

/**
 * Returns the values that each row of a request sends, in order, by name. Null stays null. A category is cut to the first
 * 1,000 characters; one that the definition does not list is kept and scored as unseen. A count must be a whole number
 * from 0. Numbers outside the declared bounds are accepted; only drift watches those. Derived columns cannot be sent.
 *
 * @throws TidegateError UNKNOWN_FEATURE or INVALID_FEATURE, naming the first 20 places and for each what was expected and
 * what was sent; the rest of the request is not read
 */
export function readFeatures(
  { sources, derivations }: Pick<RowShape, 'sources' | 'derivations'>,
  rows: readonly RequestRow[],
): ReadonlyMap<string, Value>[] {
  const specs = new Map(sources.map(({ name, spec }) => [name, spec]));
  const derived = new Map(derivations.map((derivation) => [derivation.name, derivation]));
  const problems: Problem[] = [];
  const read: ReadonlyMap<string, Value>[] = [];
  for (const row of rows) {
    const sent = new Map<string, Value>();
    for (const [name, value] of Object.entries(row.features)) {
      if (problems.length > MAX_PLACES) throw refusal(problems);
      const at = `${row.at}.${excerpt(name)}`;
      const spec = specs.get(name);
      if (!spec) {
        problems.push(notSendable(at, derived.get(name)));
        continue;
      }
      const known = value == null ? null : readSentValue(spec.type, value);
      if (known === undefined) {
        problems.push({ code: 'INVALID_FEATURE', at, problem: describeMismatch(spec, value) });
      } else sent.set(name, known);
    }
    read.push(sent);
  }
  if (problems.length > 0) throw refusal(problems);
  return read;
}

const refusal = (problems: readonly Problem[]): Error =>
  errorAtPlaces(
    problems[0]?.code ?? 'INVALID_FEATURE',
    problems.map(({ at, problem }) => ({ at, problem })),
  );

function notSendable(at: string, derivation: Derivation | undefined): Problem {
  if (!derivation) return { code: 'UNKNOWN_FEATURE', at, problem: 'the model has no such feature' };
  const problem = `is derived (${formulaOf(derivation.spec)}); send the columns that it is derived from instead`;
  return { code: 'INVALID_FEATURE', at, problem };
}

/** Converts a value that a request sends to the value of a row. @returns undefined if it does not have the type */
export function readSentValue(type: ColumnSpec['type'], value: unknown): number | string | undefined {
  switch (type) {
    case 'numeric':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    case 'count':
      return Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
    case 'category':
      return typeof value === 'string' && isStorable(value) ? categoryOf(value) : undefined;
    case 'flag':
      return typeof value === 'boolean' ? (value ? 'true' : 'false') : undefined;
    case 'instant':
      return readInstant(value);
  }
}

const expected: Record<ColumnSpec['type'], string> = {
  numeric: 'a number',
  count: 'a whole number from 0',
  category: 'a text without NUL and without half a surrogate pair,',
  flag: 'true or false',
  instant: 'a day, or an instant with its offset such as 2024-02-29T06:00:00Z,',
};

/** Says what a column expects and what was sent instead. @example 'expected true or false or null, got the text "yes"' */
export const describeMismatch = ({ type }: Pick<ColumnSpec, 'type'>, value: unknown): string =>
  `expected ${expected[type]} or null, got ${describeValue(value)}`;

function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return `the text "${excerpt(value, 40).replaceAll('"', '\\"')}"`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** Converts a feature back to the value that a request would send: a flag, stored as a category, to true or false. */
export const sentValue = (
  { type }: Pick<FeatureSpec, 'type'>,
  value: FeatureRecord[string] | undefined,
): number | string | boolean | null => {
  if (value === undefined || value === null) return null;
  return type === 'flag' ? value === 'true' : value;
};
