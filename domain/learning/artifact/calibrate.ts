// Chooses the map that turns a version's scores into probabilities, evaluated on out-of-fold scores.
import { clusterBound, countClusters, MIN_CLUSTERS } from '../../data/math/class-clusters.ts';
import { fixed } from '../../format-numbers.ts';
import { fitIsotonic } from '../../data/math/isotonic.ts';
import { calibrated, type CalibrationMap, fitPlatt, smoothedTargets } from './calibration-map.ts';
import { logLoss, surprise } from '../metrics/brier.ts';

/** The kind of calibration that a definition asks for. */
export type CalibrationPolicy = 'none' | 'platt' | 'isotonic' | 'auto';

/** Training rows, each scored by a model that was fitted without the row's cluster. */
export interface OutOfFold {
  readonly scores: Float64Array;
  /** 0 or 1 per row; both occur. */
  readonly labels: Uint8Array;
  readonly clusters: Uint32Array;
  /** Fold of each row. */
  readonly folds: Uint8Array;
}

/** The map of a version and why it was chosen. Plain JSON, stored in the artifact. */
export interface Calibration {
  readonly asked: Exclude<CalibrationPolicy, 'none'>;
  readonly map: CalibrationMap;
  /**
   * Log loss of the out-of-fold scores before and after mapping, each row mapped by a curve fitted without its fold;
   * null if no map was evaluated.
   */
  readonly logLoss: { readonly before: number; readonly after: number } | null;
  readonly rows: number;
  readonly positives: number;
  /** Why this map was chosen, in a sentence. */
  readonly why: string;
  /**
   * Error code, if there were enough rows but scoring them out of fold failed; absent otherwise.
   */
  readonly failed?: string;
}

/** With fewer rows of a class isotonic regression overfits (Niculescu-Mizil and Caruana, ICML 2005). */
const ENOUGH_FOR_ISOTONIC = 1_000;

/**
 * Chooses and fits the map.
 *
 * `platt` and `isotonic` are fitted as asked. `auto` tries none, then Platt, then isotonic (only with at least 1,000
 * rows of each class). It takes the next map only if that lowers the log loss by more than one standard error of the
 * difference. The standard error allows for clusters, and each row is mapped by a curve fitted without its fold. With
 * fewer than 50 clusters of a class it chooses none. The map is also none if the scores are all equal or rank the wrong
 * way round, because no map would keep their order.
 *
 * @example chooseCalibration('auto', outOfFold).map
 */
export function chooseCalibration(asked: Calibration['asked'], rows: OutOfFold): Calibration {
  const { scores, labels, clusters } = rows;
  const { positives, negatives, positiveClusters, negativeClusters } = countClusters(labels, clusters);
  const facts = { asked, rows: labels.length, positives };
  const none = (why: string): Calibration => ({ ...facts, map: { kind: 'none' }, logLoss: null, why });
  if (fitPlatt(scores, labels) === null) {
    return none(
      'no map keeps the order of the scores: out of fold they are all equal or rank the wrong way round',
    );
  }
  const chosen = ({ map, logLoss: losses, summary }: Judged, reason: string): Calibration => ({
    ...facts,
    map,
    logLoss: losses,
    why: `${reason}: ${summary}`,
  });
  if (asked !== 'auto') return chosen(judge(asked, rows), 'as the definition asks');
  if (Math.min(positiveClusters, negativeClusters) < MIN_CLUSTERS) {
    return none(
      `${positiveClusters} positive and ${negativeClusters} negative clusters are too few: at least ${MIN_CLUSTERS} of each class are needed`,
    );
  }
  const isEnough = Math.min(positives, negatives) >= ENOUGH_FOR_ISOTONIC;
  const kinds = isEnough ? (['platt', 'isotonic'] as const) : (['platt'] as const);
  let taken: Judged | undefined;
  for (const kind of kinds) {
    const judged = judge(kind, rows);
    const { gain, error } = gainOf(rows, taken?.mapped ?? scores, judged.mapped);
    if (gain > error) taken = judged;
  }
  return taken
    ? chosen(taken, 'significantly better than any simpler map')
    : none(`${kinds.join(' or ')} would not make the scores significantly better`);
}

/** A map, with the rows mapped by curves that were fitted without their fold. */
interface Judged {
  readonly map: CalibrationMap;
  readonly mapped: Float64Array;
  readonly logLoss: NonNullable<Calibration['logLoss']>;
  readonly summary: string;
}

function judge(kind: 'platt' | 'isotonic', { scores, labels, folds }: OutOfFold): Judged {
  const mapped = new Float64Array(scores.length);
  for (const fold of new Set(folds)) {
    const inside = Uint32Array.from(scores.keys()).filter((row) => folds[row] !== fold);
    const map = fitMap(
      kind,
      Float64Array.from(inside, (row) => scores[row]!),
      Uint8Array.from(inside, (row) => labels[row]!),
    );
    folds.forEach((of, row) => {
      if (of === fold) mapped[row] = calibrated(map, scores[row]!);
    });
  }
  const losses = { before: logLoss(labels, scores), after: logLoss(labels, mapped) };
  const [before, after] = fixed([losses.before, losses.after], [], 4);
  return {
    map: fitMap(kind, scores, labels),
    mapped,
    logLoss: losses,
    summary: `${kind} changes the out-of-fold log loss from ${before} to ${after}`,
  };
}

function fitMap(kind: 'platt' | 'isotonic', scores: Float64Array, labels: Uint8Array): CalibrationMap {
  // The curve may fail in a single fold; the rows of that fold then keep their scores.
  if (kind === 'platt') return fitPlatt(scores, labels) ?? { kind: 'none' };
  const { positive, negative } = smoothedTargets(labels);
  const curve = fitIsotonic(
    scores,
    Float64Array.from(labels, (label) => (label === 1 ? positive : negative)),
  );
  return { kind, scores: [...curve.scores], probabilities: [...curve.probabilities] };
}

/** Returns the mean gain in log loss and its standard error, with the rows of a cluster summed. */
function gainOf(
  { labels, clusters }: OutOfFold,
  before: Float64Array,
  after: Float64Array,
): { gain: number; error: number } {
  const gains = before.map(
    (score, row) => surprise(labels[row]!, score) - surprise(labels[row]!, after[row]!),
  );
  const gain = gains.reduce((sum, one) => sum + one, 0) / gains.length;
  const sums = new Float64Array(clusterBound(clusters));
  gains.forEach((one, row) => (sums[clusters[row]!]! += one - gain));
  const squares = sums.reduce((sum, one) => sum + one * one, 0);
  return { gain, error: Math.sqrt(squares) / gains.length };
}
