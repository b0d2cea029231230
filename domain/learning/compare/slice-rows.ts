// Finds the rows of each slice. There is a slice for each category value, each quartile band, missing values, and each
// slice that the definition names.
import { type CategoryColumn, type Frame, type NumericColumn } from '../../data/frame.ts';
import type { NamedSlice, SliceCondition } from '../../model/schema/slices-schema.ts';
import { apart } from '../../format-numbers.ts';

/** How a slice is defined. */
export type SliceKind = 'category' | 'band' | 'missing' | 'named';

/** A slice before it is measured. */
export interface SliceRows {
  readonly kind: SliceKind;
  readonly name: string;
  /** Positions in the given rows, ascending. */
  readonly positions: Uint32Array;
}

/** Number of quantile bands of a numeric column: quarters of the rows that have a value. */
const BANDS = 4;

/**
 * Yields the slices of the rows one after the other, so that only the positions of one column are in memory. Band edges are
 * the quartiles of the rows themselves, and equal values share a band. A column with a single band has no band slices.
 *
 * @param rows of the frame, in the order of their scores
 * @example [...sliceRows(frame, rows, [{ name: 'fibre', where: { net_service: 'Fiber optic' } }])]
 */
export function* sliceRows(
  frame: Frame,
  rows: Uint32Array,
  named: readonly NamedSlice[] = [],
): Generator<SliceRows> {
  for (const { name, where } of named) {
    const tests = Object.entries(where).map(([column, condition]) => predicate(frame, column, condition));
    const positions = positionsWhere(rows, (row) => tests.every((matches) => matches(row)));
    yield { kind: 'named', name, positions };
  }
  for (const column of frame.features) {
    yield* column.kind === 'category' ? categorySlices(column, rows) : bandSlices(column, rows);
  }
}

function* categorySlices(
  { name, codes, dictionary }: CategoryColumn,
  rows: Uint32Array,
): Generator<SliceRows> {
  const positions: number[][] = Array.from({ length: dictionary.length + 1 }, () => []);
  // A missing value has a code beyond the dictionary; its rows are collected after the last category.
  rows.forEach((row, at) => positions[Math.min(codes[row]!, dictionary.length)]!.push(at));
  for (const [code, chosen] of positions.entries()) {
    if (chosen.length === 0) continue;
    const value = dictionary[code];
    yield value === undefined
      ? { kind: 'missing', name: `${name} is missing`, positions: Uint32Array.from(chosen) }
      : { kind: 'category', name: `${name} = ${value}`, positions: Uint32Array.from(chosen) };
  }
}

function* bandSlices({ name, values }: NumericColumn, rows: Uint32Array): Generator<SliceRows> {
  const missing = positionsWhere(rows, (row) => !Number.isFinite(values[row]!));
  if (missing.length > 0) yield { kind: 'missing', name: `${name} is missing`, positions: missing };
  const edges = quartiles(
    Float64Array.from(rows, (row) => values[row]!)
      .filter(Number.isFinite)
      .sort(),
  );
  if (edges.length === 0) return;
  const shown = apart(edges, 6);
  for (let band = 0; band <= edges.length; band += 1) {
    const low = edges[band - 1] ?? -Infinity;
    const high = edges[band] ?? Infinity;
    const positions = positionsWhere(rows, (row) => {
      const value = values[row]!;
      return Number.isFinite(value) && value >= low && value < high;
    });
    yield { kind: 'band', name: bandName(name, shown[band - 1], shown[band]), positions };
  }
}

/** Returns the quartiles, ascending and distinct, without the minimum, so that no band is empty. */
function quartiles(sorted: Float64Array): number[] {
  const edges = Array.from(
    { length: BANDS - 1 },
    (_, band) => sorted[Math.floor(((band + 1) * sorted.length) / BANDS)]!,
  );
  return [...new Set(edges)].filter((edge) => edge > sorted[0]!);
}

function bandName(name: string, low: string | undefined, high: string | undefined): string {
  if (low === undefined) return `${name} < ${high}`;
  return high === undefined ? `${name} >= ${low}` : `${low} <= ${name} < ${high}`;
}

function positionsWhere(rows: Uint32Array, matches: (row: number) => boolean): Uint32Array {
  const positions = new Uint32Array(rows.length);
  let count = 0;
  for (let at = 0; at < rows.length; at += 1) if (matches(rows[at]!)) positions[count++] = at;
  return positions.slice(0, count);
}

/** Returns the test for a condition. A column that the frame lacks counts as missing in every row. */
function predicate(frame: Frame, name: string, condition: SliceCondition): (row: number) => boolean {
  const column = frame.features.find((feature) => feature.name === name);
  if (!column) return () => condition === null;
  return column.kind === 'category' ? textIs(column, condition) : numberIs(column, condition);
}

function textIs({ codes, dictionary }: CategoryColumn, condition: SliceCondition): (row: number) => boolean {
  if (condition === null) return (row) => codes[row]! >= dictionary.length;
  if (typeof condition === 'object') return () => false;
  const code = dictionary.indexOf(String(condition));
  return (row) => codes[row] === code;
}

function numberIs({ values }: NumericColumn, condition: SliceCondition): (row: number) => boolean {
  if (condition === null) return (row) => !Number.isFinite(values[row]!);
  if (typeof condition !== 'object') return (row) => values[row] === condition;
  const { min = -Infinity, max = Infinity } = condition;
  return (row) => Number.isFinite(values[row]!) && values[row]! >= min && values[row]! <= max;
}
