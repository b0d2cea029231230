// The operating threshold of a version: scores at or above it get the decision yes. It is chosen on out-of-fold scores.
import { TidegateError } from '../../errors.ts';
import { type ThresholdPolicy } from '../../model/schema/training-schema.ts';
import { fixed, percent } from '../../format-numbers.ts';

/** The effect of a threshold on the rows it was chosen on. */
export interface ThresholdFacts {
  readonly rows: number;
  readonly positives: number;
  /** Share of rows with the decision yes. */
  readonly rate: number;
  /** Share of positives among the rows with a yes; null if there are no such rows. */
  readonly precision: number | null;
  /** Share of the positives that get a yes. */
  readonly recall: number;
  /** Mean cost per row of wrong decisions; null if the policy states no costs. */
  readonly cost: number | null;
}

/** The operating threshold, the policy it was chosen by, and its effect. Plain JSON, stored in the artifact. */
export interface OperatingThreshold {
  readonly policy: ThresholdPolicy;
  /** Scores at or above this get the decision yes; in [0, 1]. With 0, every row gets it. */
  readonly cut: number;
  /**
   * Effect on training rows, each scored by a model fitted without its cluster; null if the policy states the threshold
   * itself and no rows were scored out of fold.
   */
  readonly outOfFold: ThresholdFacts | null;
}

/** Training rows scored out of fold and calibrated. */
export interface ThresholdRows {
  readonly scores: Float64Array;
  /** 0 or 1 per row; both occur. */
  readonly labels: ArrayLike<number>;
}

/** With fewer rows at or above a threshold, its precision is mostly chance. */
const MIN_YES_ROWS = 20;

/**
 * Chooses the threshold. It lies halfway between two scores, so rows of equal score always get the same decision.
 *
 * @param rows may be null if the policy states the threshold itself
 * @throws TidegateError THRESHOLD_UNREACHABLE if no threshold satisfies the policy
 * @example chooseThreshold({ cost: { falsePositive: 1, falseNegative: 5 } }, { scores, labels }).cut
 */
export function chooseThreshold(policy: ThresholdPolicy, rows: ThresholdRows | null): OperatingThreshold {
  if ('value' in policy) {
    return { policy, cut: policy.value, outOfFold: rows && factsAt(policy, rows, policy.value) };
  }
  if (!rows) throw new RangeError('a threshold cannot be chosen without rows');
  const { cut } = pick(policy, thresholdsOf(rows));
  return { policy, cut, outOfFold: factsAt(policy, rows, cut) };
}

/** A possible threshold, with the number of rows and of positives at or above it. */
interface Threshold {
  readonly cut: number;
  readonly yes: number;
  readonly hits: number;
}

interface Thresholds {
  readonly rows: number;
  readonly positives: number;
  /** The highest first; the last says yes to every row. */
  readonly thresholds: readonly Threshold[];
}

function thresholdsOf({ scores, labels }: ThresholdRows): Thresholds {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const greatest = scores[order[0]!]!;
  // A threshold is at most 1, so none can lie above a score of 1.
  const thresholds: Threshold[] = greatest < 1 ? [{ cut: between(greatest, 1), yes: 0, hits: 0 }] : [];
  let hits = 0;
  for (let at = 0; at < order.length;) {
    const score = scores[order[at]!]!;
    for (; at < order.length && scores[order[at]!] === score; at += 1) hits += labels[order[at]!]!;
    const next = at < order.length ? scores[order[at]!]! : 0;
    thresholds.push({ cut: score === 0 ? 0 : between(next, score), yes: at, hits });
  }
  return { rows: order.length, positives: hits, thresholds };
}

/** Returns the middle of two numbers. Even after rounding it is above `low` and at most `high`. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2;
  return middle > low ? middle : high;
}

function pick(
  policy: Exclude<ThresholdPolicy, { value: number }>,
  { rows, positives, thresholds }: Thresholds,
): Threshold {
  if ('cost' in policy) {
    const { falsePositive, falseNegative } = policy.cost;
    const costOf = ({ yes, hits }: Threshold): number =>
      falsePositive * (yes - hits) + falseNegative * (positives - hits);
    // If costs are equal, the first and so the highest threshold is kept.
    return thresholds.reduce((best, one) => (costOf(one) < costOf(best) ? one : best));
  }
  if ('rate' in policy) {
    const found = thresholds.findLast(({ yes }) => yes > 0 && yes <= policy.rate * rows);
    if (found) return found;
    const first = thresholds.find(({ yes }) => yes > 0)!;
    throw unreachable(
      `a rate of ${policy.rate} cannot be reached: ${percent(first.yes / rows)} of the rows share the highest score`,
    );
  }
  if ('recall' in policy) return thresholds.find(({ hits }) => hits >= policy.recall * positives)!;
  const measurable = thresholds.filter(({ yes }) => yes >= Math.min(MIN_YES_ROWS, rows));
  const found = measurable.findLast(({ yes, hits }) => hits >= policy.precision * yes);
  if (found) return found;
  const best = measurable.reduce((top, one) => (one.hits / one.yes > top.hits / top.yes ? one : top));
  throw unreachable(
    `no threshold that says yes to at least ${MIN_YES_ROWS} rows reaches a precision of ${policy.precision}: the best is ` +
      `${fixed([best.hits / best.yes], [policy.precision])[0]}, with a recall of ${fixed([best.hits / positives])[0]}`,
  );
}

const unreachable = (message: string): TidegateError => new TidegateError('THRESHOLD_UNREACHABLE', message);

function factsAt(policy: ThresholdPolicy, { scores, labels }: ThresholdRows, cut: number): ThresholdFacts {
  let [yes, hits, positives] = [0, 0, 0];
  scores.forEach((score, row) => {
    positives += labels[row]!;
    if (score < cut) return;
    yes += 1;
    hits += labels[row]!;
  });
  const rows = scores.length;
  const cost =
    'cost' in policy
      ? (policy.cost.falsePositive * (yes - hits) + policy.cost.falseNegative * (positives - hits)) / rows
      : null;
  return {
    rows,
    positives,
    rate: yes / rows,
    precision: yes === 0 ? null : hits / yes,
    recall: hits / positives,
    cost,
  };
}

/** Describes the threshold in one line. @example describeThreshold(threshold) // 'says yes from 0.213 on (recall 0.8): …' */
export function describeThreshold({ policy, cut, outOfFold }: OperatingThreshold): string {
  const by =
    'cost' in policy
      ? `cost ${policy.cost.falsePositive} for a false yes, ${policy.cost.falseNegative} for a false no`
      : Object.entries(policy)
          .map(([name, value]) => `${name} ${value}`)
          .join();
  const three = (share: number | null): string =>
    share === null ? 'unknown' : (fixed([share], [1])[0] as string);
  const facts = outOfFold
    ? `: out of fold, to ${percent(outOfFold.rate)} of rows with precision ${three(outOfFold.precision)} and recall ${three(outOfFold.recall)}`
    : '';
  return `says yes from ${fixed([cut], [1])[0]} on (${by})${facts}`;
}

/** The threshold of a version that has none of its own. */
export const DEFAULT_THRESHOLD = 0.5;

/** Returns the threshold of a version. @example thresholdOf(artifact) // 0.5 */
export const thresholdOf = ({ threshold }: { readonly threshold?: OperatingThreshold }): number =>
  threshold?.cut ?? DEFAULT_THRESHOLD;
