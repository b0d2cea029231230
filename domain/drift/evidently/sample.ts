// A column's values in the reference or in the window as Evidently sees them: without missing values and infinities,
// and with a pandas type.
import { type FeatureColumn, MISSING_CODE } from '../../data/frame.ts';
import { featuresOf } from '../../model/define-model.ts';
import { type ModelDefinition } from '../../model/definition.ts';

/** The type that pandas would give a column; Evidently chooses its test by it. */
export type PandasType = 'float' | 'int' | 'string' | 'bool';

/** The values that Evidently uses of one column, in the reference or in the window. */
export type Sample =
  | { readonly kind: 'numeric'; readonly values: Float64Array }
  | { readonly kind: 'category'; readonly counts: ReadonlyMap<string, number>; readonly size: number };

/**
 * Returns the values of a column that Evidently uses.
 *
 * @example sampleOf({ kind: 'numeric', name: 'x', values: Float64Array.of(1, NaN) })
 */
export function sampleOf(column: FeatureColumn): Sample {
  if (column.kind === 'numeric') return { kind: 'numeric', values: column.values.filter(Number.isFinite) };
  const byCode = new Float64Array(column.dictionary.length);
  let size = 0;
  for (const code of column.codes) {
    if (code === MISSING_CODE) continue;
    byCode[code]!++;
    size++;
  }
  const counts = new Map<string, number>();
  byCode.forEach((rows, code) => {
    if (rows > 0) counts.set(column.dictionary[code] as string, rows);
  });
  return { kind: 'category', counts, size };
}

/** Returns the number of rows of a sample. */
export const sizeOf = (sample: Sample): number =>
  sample.kind === 'numeric' ? sample.values.length : sample.size;

/** Counts the distinct values of the samples together; stops at `limit` + 1. */
export function distinctValues(samples: readonly Sample[], limit: number): number {
  const seen = new Set<number | string>();
  for (const sample of samples) {
    for (const value of sample.kind === 'numeric' ? sample.values : sample.counts.keys()) {
      seen.add(value);
      if (seen.size > limit) return seen.size;
    }
  }
  return seen.size;
}

/** Counts the rows of each value that occurs in the reference or in the window, in the same order for both. */
export function countsByValue(
  reference: Sample,
  current: Sample,
): { readonly reference: Float64Array; readonly current: Float64Array } {
  const [a, b] = [countsOf(reference), countsOf(current)];
  const values = [...new Set([...a.keys(), ...b.keys()])];
  return {
    reference: Float64Array.from(values, (value) => a.get(value) ?? 0),
    current: Float64Array.from(values, (value) => b.get(value) ?? 0),
  };
}

function countsOf(sample: Sample): ReadonlyMap<number | string, number> {
  if (sample.kind === 'category') return sample.counts;
  const counts = new Map<number, number>();
  for (const value of sample.values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

const TYPES = { numeric: 'float', count: 'int', category: 'string', flag: 'bool' } as const;

/**
 * Returns the pandas type of each feature by name: counts are integers, flags are booleans.
 *
 * @example pandasTypesOf(definition) // { monthly_fee: 'float', support_tickets_90d: 'int' }
 */
export const pandasTypesOf = (definition: ModelDefinition): Record<string, PandasType> =>
  Object.fromEntries(featuresOf(definition).map(({ name, spec }) => [name, TYPES[spec.type]]));
