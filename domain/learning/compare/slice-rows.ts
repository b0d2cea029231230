// Which rows make a slice: each category value, each quantile band, the missing values, and the named ones.
import { type CategoryColumn, type Frame, type NumericColumn } from '../../data/frame.ts';
import type { NamedSlice, SliceCondition } from '../../model/schema/slices-schema.ts';
import { apart } from '../../numbers-in-words.ts';

/** What makes a slice. */
export type SliceKind = 'category' | 'band' | 'missing' | 'named';

/** A slice before it is measured. */
export interface SliceRows {
  readonly kind: SliceKind;
  readonly name: string;
  /** Positions in the rows given, ascending. */
  readonly positions: Uint32Array;
}

/** Quantile bands of a numeric column: quarters of the rows that have a value. */
const BANDS = 4;

/**
 * The slices of the rows, one after the other, so that the positions of one column at a time are in memory. Bands are
 * cut at quartiles of the rows themselves, equal values together; a column with one band has none of its own.
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
    const holds = Object.entries(where).map(([column, condition]) => predicate(frame, column, condition));
    const positions = positionsWhere(rows, (row) => holds.every((one) => one(row)));
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
  // A missing value has a code beyond the dictionary, and a place after its end.
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
  const cuts = quartiles(
    Float64Array.from(rows, (row) => values[row]!)
      .filter(Number.isFinite)
      .sort(),
  );
  if (cuts.length === 0) return;
  const shown = apart(cuts, 6);
  for (let band = 0; band <= cuts.length; band += 1) {
    const low = cuts[band - 1] ?? -Infinity;
    const high = cuts[band] ?? Infinity;
    const positions = positionsWhere(rows, (row) => {
      const value = values[row]!;
      return Number.isFinite(value) && value >= low && value < high;
    });
    yield { kind: 'band', name: bandName(name, shown[band - 1], shown[band]), positions };
  }
}

/** Ascending and distinct, none of them the least value: no band is empty. */
function quartiles(sorted: Float64Array): number[] {
  const cuts = Array.from(
    { length: BANDS - 1 },
    (_, band) => sorted[Math.floor(((band + 1) * sorted.length) / BANDS)]!,
  );
  return [...new Set(cuts)].filter((cut) => cut > sorted[0]!);
}

function bandName(name: string, low: string | undefined, high: string | undefined): string {
  if (low === undefined) return `${name} < ${high}`;
  return high === undefined ? `${name} >= ${low}` : `${low} <= ${name} < ${high}`;
}

function positionsWhere(rows: Uint32Array, holds: (row: number) => boolean): Uint32Array {
  const positions = new Uint32Array(rows.length);
  let count = 0;
  for (let at = 0; at < rows.length; at += 1) if (holds(rows[at]!)) positions[count++] = at;
  return positions.slice(0, count);
}

/** A column that the frame lacks holds no value at all. */
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
