// Realised performance on rows of a frame.
import { type Frame } from '../../../domain/data/frame.ts';
import { measurePerformance, type Performance } from '../../../domain/learning/metrics/performance.ts';

/** Measures scores of the given rows, in their order. */
export const measure = (frame: Frame, rows: Uint32Array, scores: Float64Array): Performance =>
  measurePerformance(
    {
      labels: Uint8Array.from(rows, (row) => frame.labels[row]!),
      clusters: rows.map((row) => frame.clusters[row]!),
      scores,
    },
    7,
  );
