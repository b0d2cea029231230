// The rows of a frame after an instant, as a frame of their own.
import { type FeatureColumn, type Frame } from '../features/frame.ts';

/** @param instant excluded @example rowsSince(frame, new Date('2024-01-31Z')).rows */
export function rowsSince(frame: Frame, instant: Date): Frame {
  const micros = BigInt(instant.getTime()) * 1_000n;
  const rows = Uint32Array.from(frame.labels.keys()).filter((row) => frame.times[row]! > micros);
  return {
    rows: rows.length,
    features: frame.features.map((column): FeatureColumn =>
      column.kind === 'numeric'
        ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) }
        : { ...column, codes: rows.map((row) => column.codes[row]!) },
    ),
    labels: Uint8Array.from(rows, (row) => frame.labels[row]!),
    holdout: Uint8Array.from(rows, (row) => frame.holdout[row]!),
    clusters: rows.map((row) => frame.clusters[row]!),
    times: BigInt64Array.from(rows, (row) => frame.times[row]!),
  };
}
