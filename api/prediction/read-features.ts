// Reads the features of a request as the definition declares them.
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

/** One row of a request with the place it came from: `features`, or `rows.3`. */
export interface RequestRow {
  readonly at: string;
  readonly features: Readonly<Record<string, unknown>>;
}

/**
 * What each row of a request sends, in order, by name; null is null. A category is the first
 * 1,000 characters of its text; one that the definition does not name is kept: it is scored as unseen. A count is a whole number from 0; the bounds of a number are watched by drift and
 * refused nowhere. Derived columns are computed and cannot be sent.
 *
 * @throws TidegateError UNKNOWN_FEATURE, INVALID_FEATURE naming the first 20 places with what was expected and got;
 * the rest of the request is not looked at
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
      const known = value == null ? null : readers[spec.type](value);
      if (known === undefined) {
        const problem = `expected ${expected[spec.type]} or null, got ${inWords(value)}`;
        problems.push({ code: 'INVALID_FEATURE', at, problem });
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
  const problem = `is derived (${formulaOf(derivation.spec)}); send what it is derived from instead`;
  return { code: 'INVALID_FEATURE', at, problem };
}

/** The value as a row holds it; `undefined` where it is none of the type. */
const readers: Record<ColumnSpec['type'], (value: unknown) => number | string | undefined> = {
  numeric: (value) => (Number.isFinite(value) ? (value as number) : undefined),
  count: (value) => (Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined),
  category: (value) => (typeof value === 'string' && isStorable(value) ? categoryOf(value) : undefined),
  flag: (value) => (typeof value === 'boolean' ? String(value) : undefined),
  instant: readInstant,
};

const expected: Record<ColumnSpec['type'], string> = {
  numeric: 'a number',
  count: 'a whole number from 0',
  category: 'a text without NUL and without half a surrogate pair,',
  flag: 'true or false',
  instant: 'a day, or an instant with its offset such as 2024-02-29T06:00:00Z,',
};

function inWords(value: unknown): string {
  if (typeof value === 'string') {
    return `the text "${excerpt(value, 40).replaceAll('"', '\\"')}"`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** A flag is true or false to people, though it is scored as a category. */
export const sentValue = (
  { type }: Pick<FeatureSpec, 'type'>,
  value: FeatureRecord[string] | undefined,
): number | string | boolean | null => {
  if (value === undefined || value === null) return null;
  return type === 'flag' ? value === 'true' : value;
};
