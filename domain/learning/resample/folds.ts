// Splits training rows into folds. All rows of a cluster are in one fold, so no row is scored by a model that saw its cluster.
import { type Frame } from '../../data/frame.ts';
import { Random } from '../../random.ts';

/** The rows to score (`outside`) and the rows to learn from (`inside`); each list is ascending and contains rows of both classes. */
export interface Fold {
  readonly inside: Uint32Array;
  readonly outside: Uint32Array;
}

/** How rows are split. */
export interface FoldOptions {
  /** Salt of the hash that assigns clusters to folds: the same seed makes the same folds. */
  readonly seed: number;
  /** Number of folds wanted, from 2 to 50. @default 5 */
  readonly count?: number;
  /** If there are more rows, a sample of about this many is used, made of whole clusters. @default all */
  readonly maxRows?: number;
}

/** The folds; empty if not even two could be made. */
export interface Folds {
  readonly folds: readonly Fold[];
  /** Why there are fewer folds than wanted, in a sentence; null if there are as many as wanted. */
  readonly reason: string | null;
}

const COUNT = 5;
const MIN_COUNT = 2;
const NOT_IN_SAMPLE = 255;

/**
 * Splits labelled rows into folds by a hash of the seed and their cluster. Each fold has rows of both classes: if a class has
 * too few clusters for that, the rows are split again into fewer folds, and the reason says so.
 *
 * @param rows ascending, each labelled 0 or 1
 * @throws RangeError if the count is not a whole number from 2 to 50
 * @example const { folds, reason } = foldsOf(frame, trainingRows(frame), { seed: 7 });
 */
export function foldsOf(
  { labels, clusters }: Pick<Frame, 'labels' | 'clusters'>,
  rows: Uint32Array,
  { seed, count = COUNT, maxRows = Infinity }: FoldOptions,
): Folds {
  if (!Number.isInteger(count) || count < MIN_COUNT || count > 50)
    throw new RangeError(`the number of folds must be a whole number from ${MIN_COUNT} to 50, not ${count}`);
  const share = Math.min(1, maxRows / rows.length);
  for (let tried = count; tried >= MIN_COUNT; tried -= 1) {
    const places = assignFolds(clusters, rows, seed, tried, share);
    if (!haveBothClasses(places, labels, rows, tried)) continue;
    const folds = Array.from({ length: tried }, (_, fold) => ({
      inside: rows.filter((_row, at) => places[at] !== fold && places[at] !== NOT_IN_SAMPLE),
      outside: rows.filter((_row, at) => places[at] === fold),
    }));
    const reason =
      tried === count
        ? null
        : `${tried} folds instead of ${count}: with more folds, one would have no rows of a class`;
    return { folds, reason };
  }
  return { folds: [], reason: `even with ${MIN_COUNT} folds, one would have no rows of a class` };
}

/** Returns the fold of each row, in the order of `rows`; `share` is the share of clusters in the sample. */
function assignFolds(
  clusters: Uint32Array,
  rows: Uint32Array,
  seed: number,
  count: number,
  share: number,
): Uint8Array {
  const places = new Map<number, number>();
  return Uint8Array.from(rows, (row) => {
    const cluster = clusters[row]!;
    let place = places.get(cluster);
    if (place === undefined) {
      const random = new Random(seed, cluster, count);
      place = random.below(count);
      if (!random.chance(share)) place = NOT_IN_SAMPLE;
      places.set(cluster, place);
    }
    return place;
  });
}

function haveBothClasses(places: Uint8Array, labels: Uint8Array, rows: Uint32Array, count: number): boolean {
  const seen = new Set<number>();
  places.forEach((place, at) => {
    if (place !== NOT_IN_SAMPLE) seen.add(2 * place + labels[rows[at]!]!);
  });
  return seen.size === 2 * count;
}
