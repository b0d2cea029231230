// How one version does on labelled rows.
import { type Frame } from '../features/frame.ts';
import { type Interval } from '../lifecycle/interval.ts';
import { brierScore } from './brier.ts';
import { calibrationError } from './calibration-error.ts';
import { aucInterval } from './delong.ts';
import { logLoss } from './log-loss.ts';

/** Probabilities against labels. */
export interface Quality {
  readonly brier: number;
  readonly logLoss: number;
  /** Expected calibration error over ten bins of equal count. */
  readonly ece: number;
}

/** The realised performance of one version. */
export interface Performance extends Quality {
  readonly rows: number;
  readonly positives: number;
  /** With its clustered 95 % interval; null where the rows hold one class only. */
  readonly auc: Interval | null;
}

/** Quality of some probabilities. */
export const qualityOf = (labels: Uint8Array, scores: Float64Array): Quality => ({
  brier: brierScore(labels, scores),
  logLoss: logLoss(labels, scores),
  ece: calibrationError(labels, scores),
});

/** Measures scores on labelled rows of a frame; `scores[i]` belongs to `rows[i]`, and there is at least one. */
export function measurePerformance(frame: Frame, rows: Uint32Array, scores: Float64Array): Performance {
  const labels = Uint8Array.from(rows, (row) => frame.labels[row] ?? 0);
  const clusters = Uint32Array.from(rows, (row) => frame.clusters[row] ?? 0);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const hasBoth = positives > 0 && positives < rows.length;
  return {
    rows: rows.length,
    positives,
    auc: hasBoth ? aucInterval(labels, clusters, scores) : null,
    ...qualityOf(labels, scores),
  };
}
