// The operating threshold of a version: the score from which on it says yes, chosen on scores out of fold.
import { TidegateError } from '../../errors.ts';
import { type ThresholdPolicy } from '../../model/schema/training-schema.ts';
import { fixed, percent } from '../../numbers-in-words.ts';

/** What a cut does on the rows it was chosen on. */
export interface ThresholdFacts {
  readonly rows: number;
  readonly positives: number;
  /** Share of rows that are said yes to. */
  readonly rate: number;
  /** Share of positives among them; null where there are none. */
  readonly precision: number | null;
  /** Share of the positives that are said yes to. */
  readonly recall: number;
  /** Mean cost of a row's mistake, where costs are stated. */
  readonly cost: number | null;
}

/** The operating threshold, what it was chosen by, and what it does. Plain JSON, stored in the artifact. */
export interface OperatingThreshold {
  readonly policy: ThresholdPolicy;
  /** The version says yes from this score on, in [0, 1]; from 0 on to everybody. */
  readonly cut: number;
  /** On training rows, each scored by a model that saw nothing of its cluster; null for a given score without such rows. */
  readonly outOfFold: ThresholdFacts | null;
}

/** Training rows scored out of fold and calibrated. */
export interface ThresholdRows {
  readonly scores: Float64Array;
  /** 0 or 1 per row, with both among them. */
  readonly labels: ArrayLike<number>;
}

/** With fewer rows above a cut its precision is luck. */
const MIN_SAID_YES = 20;

/**
 * Chooses the cut. Between two scores it is halfway; rows of equal score are never parted.
 *
 * @param rows null where a given score needs none
 * @throws TidegateError THRESHOLD_UNREACHABLE where no cut gives what is asked for
 * @example chooseThreshold({ cost: { falsePositive: 1, falseNegative: 5 } }, { scores, labels }).cut
 */
export function chooseThreshold(policy: ThresholdPolicy, rows: ThresholdRows | null): OperatingThreshold {
  if ('value' in policy) {
    return { policy, cut: policy.value, outOfFold: rows && factsAt(policy, rows, policy.value) };
  }
  if (!rows) throw new RangeError('a cut is chosen on rows');
  const { cut } = pick(policy, cutsOf(rows));
  return { policy, cut, outOfFold: factsAt(policy, rows, cut) };
}

/** A cut, with how many rows and how many positives are at or above it. */
interface Cut {
  readonly cut: number;
  readonly yes: number;
  readonly hits: number;
}

interface Cuts {
  readonly rows: number;
  readonly positives: number;
  /** The highest first; the last says yes to all. */
  readonly cuts: readonly Cut[];
}

function cutsOf({ scores, labels }: ThresholdRows): Cuts {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const greatest = scores[order[0]!]!;
  // A cut above a score of 1 cannot be written.
  const cuts: Cut[] = greatest < 1 ? [{ cut: between(greatest, 1), yes: 0, hits: 0 }] : [];
  let hits = 0;
  for (let at = 0; at < order.length;) {
    const score = scores[order[at]!]!;
    for (; at < order.length && scores[order[at]!] === score; at += 1) hits += labels[order[at]!]!;
    const next = at < order.length ? scores[order[at]!]! : 0;
    cuts.push({ cut: score === 0 ? 0 : between(next, score), yes: at, hits });
  }
  return { rows: order.length, positives: hits, cuts };
}

/** Halfway, above `low` and at most `high`. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2;
  return middle > low ? middle : high;
}

function pick(policy: Exclude<ThresholdPolicy, { value: number }>, { rows, positives, cuts }: Cuts): Cut {
  if ('cost' in policy) {
    const { falsePositive, falseNegative } = policy.cost;
    const costOf = ({ yes, hits }: Cut): number =>
      falsePositive * (yes - hits) + falseNegative * (positives - hits);
    // Of equal costs the highest cut, which stays the first.
    return cuts.reduce((best, one) => (costOf(one) < costOf(best) ? one : best));
  }
  if ('rate' in policy) {
    const found = cuts.findLast(({ yes }) => yes > 0 && yes <= policy.rate * rows);
    if (found) return found;
    const first = cuts.find(({ yes }) => yes > 0)!;
    throw unreachable(
      `a rate of ${policy.rate} is reached at no cut: ${percent(first.yes / rows)} of the rows share the highest score`,
    );
  }
  if ('recall' in policy) return cuts.find(({ hits }) => hits >= policy.recall * positives)!;
  const told = cuts.filter(({ yes }) => yes >= Math.min(MIN_SAID_YES, rows));
  const found = told.findLast(({ yes, hits }) => hits >= policy.precision * yes);
  if (found) return found;
  const best = told.reduce((top, one) => (one.hits / one.yes > top.hits / top.yes ? one : top));
  throw unreachable(
    `a precision of ${policy.precision} is reached at no cut that says yes to at least ${MIN_SAID_YES} rows: the best is ` +
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

/** The threshold in one line. @example describeThreshold(threshold) // 'says yes from 0.213 on (recall 0.8): …' */
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
    ? `: out of fold to ${percent(outOfFold.rate)} of rows, precision ${three(outOfFold.precision)}, recall ${three(outOfFold.recall)}`
    : '';
  return `says yes from ${fixed([cut], [1])[0]} on (${by})${facts}`;
}

/** The cut of a version without a threshold of its own. */
export const DEFAULT_THRESHOLD = 0.5;

/** The cut of a version. @example thresholdOf(artifact) // 0.5 */
export const thresholdOf = ({ threshold }: { readonly threshold?: OperatingThreshold }): number =>
  threshold?.cut ?? DEFAULT_THRESHOLD;
