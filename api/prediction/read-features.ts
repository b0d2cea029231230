// Reads the features of a request as the definition declares them.
import { type FeatureSpec } from '../../domain/features/column.ts';
import { type Feature } from '../../domain/features/define-model.ts';
import { type ErrorCode, TidegateError } from '../../domain/errors.ts';
import { isStorable } from '../schemas/text.ts';
import { type FeatureRecord } from '../../domain/features/frame.ts';

const LONGEST_CATEGORY = 1_000;

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
 * The records of a request, in order. A feature that is absent or null is null. A category that the definition does
 * not name is kept: it is scored as unseen. A count is a whole number from 0; the bounds of a number are watched by
 * drift and refused nowhere.
 *
 * @throws TidegateError UNKNOWN_FEATURE, INVALID_FEATURE naming the first 20 places with what was expected and got
 */
export function readFeatures(features: readonly Feature[], rows: readonly RequestRow[]): FeatureRecord[] {
  const declared = new Set(features.map(({ name }) => name));
  const problems: Problem[] = [];
  const records = rows.map((row) => {
    for (const name of Object.keys(row.features)) {
      if (!declared.has(name)) {
        problems.push({
          code: 'UNKNOWN_FEATURE',
          at: `${row.at}.${name}`,
          problem: 'the model has no such feature',
        });
      }
    }
    return Object.fromEntries(
      features.map(({ name, spec }) => {
        const value = Object.hasOwn(row.features, name) ? row.features[name] : null;
        const read = readers[spec.type](value ?? null);
        if (read !== undefined) return [name, read];
        problems.push({
          code: 'INVALID_FEATURE',
          at: `${row.at}.${name}`,
          problem: `expected ${expected[spec.type]} or null, got ${inWords(value)}`,
        });
        return [name, null];
      }),
    );
  });
  const [first] = problems;
  if (!first) return records;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  throw new TidegateError(first.code, `${first.at}: ${first.problem}${more}`, {
    places: problems.map(({ at, problem }) => ({ at, problem })),
  });
}

type Reader = (value: unknown) => number | string | null | undefined;

const orNull =
  (read: Reader): Reader =>
  (value) =>
    value === null ? null : read(value);

/** The value as a record holds it; `undefined` where it is none of the type. */
const readers: Record<FeatureSpec['type'], Reader> = {
  numeric: orNull((value) => (Number.isFinite(value) ? (value as number) : undefined)),
  count: orNull((value) =>
    Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined,
  ),
  category: orNull((value) =>
    typeof value === 'string' && value.length <= LONGEST_CATEGORY && isStorable(value) ? value : undefined,
  ),
  flag: orNull((value) => (typeof value === 'boolean' ? String(value) : undefined)),
};

const expected: Record<FeatureSpec['type'], string> = {
  numeric: 'a number',
  count: 'a whole number from 0',
  category: `a text of at most ${LONGEST_CATEGORY} storable characters`,
  flag: 'true or false',
};

function inWords(value: unknown): string {
  if (typeof value === 'string') {
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
