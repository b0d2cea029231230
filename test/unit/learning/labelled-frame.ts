// Frames with labels that depend on their features, for tests of learning.
import { type Frame } from '../../../domain/data/frame.ts';
import { frameOf, normals, randomOf, type Values } from '../drift/frame-of.ts';

/** Every row of a frame. */
export const allRows = ({ rows }: Frame): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row);

/** The frame with the given rows held out. */
export const heldOut = (frame: Frame, isHeldOut: (row: number) => boolean): Frame => ({
  ...frame,
  holdout: Uint8Array.from({ length: frame.rows }, (_, row) => Number(isHeldOut(row))),
});

/** Some rows of a frame as a separate frame, all of them held out. */
export const rowsOf = (frame: Frame, rows: Uint32Array): Frame => ({
  rows: rows.length,
  features: frame.features.map((column) =>
    column.kind === 'numeric'
      ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
      : { ...column, codes: rows.map((row) => column.codes[row]!) },
  ),
  labels: Uint8Array.from(rows, (row) => frame.labels[row]!),
  holdout: new Uint8Array(rows.length).fill(1),
  clusters: rows.map((row) => frame.clusters[row]!),
  times: BigInt64Array.from(rows, (row) => frame.times[row]!),
});

/** Two numbers and a category, of which `signal` and `plan` predict the label; the same rows each time. */
export function signalFrame(rows = 600, seed = 1): Frame {
  const random = randomOf(seed);
  const signal = normals(rows, random);
  const plan = Array.from({ length: rows }, () => ['basic', 'plus', 'pro'][Math.floor(3 * random())]!);
  const columns: Record<string, Values> = { signal, noise: normals(rows, random, 5), plan };
  const labels = Array.from(signal, (value, row) => {
    const logit = 1.2 * value - 0.6 + (plan[row] === 'pro' ? 1 : 0);
    return Number(random() < 1 / (1 + Math.exp(-logit)));
  });
  return frameOf(columns, labels);
}
