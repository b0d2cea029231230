// Folds of training rows: all rows of a cluster are in one, so that none is scored by a model that saw its cluster.
import { type Frame } from '../../data/frame.ts';
import { Random } from '../../random.ts';

/** Rows to score, and the others to learn from; both ascending, both with rows of either class. */
export interface Fold {
  readonly inside: Uint32Array;
  readonly outside: Uint32Array;
}

/** How rows are dealt. */
export interface FoldOptions {
  /** Salt of the hash that deals the clusters: the same seed deals the same folds. */
  readonly seed: number;
  /** Folds to aim at, at least 2. @default 5 */
  readonly count?: number;
  /** Of more rows than these a part is dealt, whole clusters of them, about so many. @default all */
  readonly maxRows?: number;
}

/** The folds that could be made; none where not even two could. */
export interface Folds {
  readonly folds: readonly Fold[];
  /** In words, why there are fewer folds than were asked for; null where there are not. */
  readonly reason: string | null;
}

const COUNT = 5;
const LEAST = 2;
const NOT_DEALT = 255;

/**
 * Deals labelled rows into folds by a hash of the seed and their cluster. Each fold holds rows of both classes: where the
 * clusters of a class are too few for that, fewer folds are dealt anew, and the reason says so.
 *
 * @param rows ascending, each labelled 0 or 1
 * @throws RangeError where the count is not a whole number from 2 to 50
 * @example const { folds, reason } = foldsOf(frame, trainingRows(frame), { seed: 7 });
 */
export function foldsOf(
  { labels, clusters }: Pick<Frame, 'labels' | 'clusters'>,
  rows: Uint32Array,
  { seed, count = COUNT, maxRows = Infinity }: FoldOptions,
): Folds {
  if (!Number.isInteger(count) || count < LEAST || count > 50)
    throw new RangeError(`${count} folds cannot be dealt: a whole number from ${LEAST} to 50 can`);
  const part = Math.min(1, maxRows / rows.length);
  for (let dealt = count; dealt >= LEAST; dealt -= 1) {
    const places = deal(clusters, rows, seed, dealt, part);
    if (!haveBothClasses(places, labels, rows, dealt)) continue;
    const folds = Array.from({ length: dealt }, (_, fold) => ({
      inside: rows.filter((_row, at) => places[at] !== fold && places[at] !== NOT_DEALT),
      outside: rows.filter((_row, at) => places[at] === fold),
    }));
    const reason =
      dealt === count ? null : `${dealt} folds and not ${count}: of more, one would lack rows of a class`;
    return { folds, reason };
  }
  return { folds: [], reason: `no folds: of ${LEAST}, one would lack rows of a class` };
}

/** The fold of each row, in the order of `rows`. */
function deal(
  clusters: Uint32Array,
  rows: Uint32Array,
  seed: number,
  count: number,
  part: number,
): Uint8Array {
  const places = new Map<number, number>();
  return Uint8Array.from(rows, (row) => {
    const cluster = clusters[row]!;
    let place = places.get(cluster);
    if (place === undefined) {
      const random = new Random(seed, cluster, count);
      place = random.below(count);
      if (!random.chance(part)) place = NOT_DEALT;
      places.set(cluster, place);
    }
    return place;
  });
}

function haveBothClasses(places: Uint8Array, labels: Uint8Array, rows: Uint32Array, count: number): boolean {
  const seen = new Set<number>();
  places.forEach((place, at) => {
    if (place !== NOT_DEALT) seen.add(2 * place + labels[rows[at]!]!);
  });
  return seen.size === 2 * count;
}
