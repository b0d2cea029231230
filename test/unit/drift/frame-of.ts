// Builds small frames and repeatable random numbers for tests of drift.
import { MISSING_CODE, NO_LABEL, type FeatureColumn, type Frame } from '../../../domain/data/frame.ts';

/** Values of one column: numbers (NaN is missing) or categories (null is missing). */
export type Values = readonly number[] | Float64Array | readonly (string | null)[];

/** Builds a frame of the named columns; without labels unless they are given. */
export function frameOf(columns: Readonly<Record<string, Values>>, labels?: readonly number[]): Frame {
  const features = Object.entries(columns).map(([name, values]) => column(name, values));
  const rows = Object.values(columns)[0]?.length ?? labels?.length ?? 0;
  return {
    rows,
    features,
    labels: labels === undefined ? new Uint8Array(rows).fill(NO_LABEL) : Uint8Array.from(labels),
    holdout: new Uint8Array(rows),
    clusters: Uint32Array.from({ length: rows }, (_, row) => row),
    times: new BigInt64Array(rows),
  };
}

function column(name: string, values: Values): FeatureColumn {
  if (isNumbers(values)) return { kind: 'numeric', name, values: Float64Array.from(values) };
  const dictionary = [...new Set(values.filter((value) => value !== null))];
  const codes = values.map((value) => (value === null ? MISSING_CODE : dictionary.indexOf(value)));
  return { kind: 'category', name, codes: Uint32Array.from(codes), dictionary };
}

const isNumbers = (values: Values): values is readonly number[] | Float64Array =>
  values instanceof Float64Array || typeof values[0] === 'number';

/** Repeats the value of each pair as many times as the pair says. @example repeated(['a', 2], ['b', 1]) // a a b */
export const repeated = <T>(...pairs: readonly (readonly [T, number])[]): T[] =>
  pairs.flatMap(([value, times]) => new Array<T>(times).fill(value));

/** Returns n evenly spaced values in scrambled order: x_i = from + (to − from)·((i·7919) mod n)/n. */
export const lattice = (n: number, from: number, to: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => from + ((to - from) * ((i * 7919) % n)) / n);

/** Returns a generator of repeatable random numbers in [0, 1) (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws normal numbers with standard deviation 1. */
export function normals(n: number, random: () => number, mean = 0): Float64Array {
  return Float64Array.from(
    { length: n },
    () => mean + Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}
