// Folds of training rows: all rows of a cluster are in one, so that none is scored by a model that saw its cluster.
import { Random } from '../random.ts';

/** Rows to score, and the others to learn from; both ascending. */
export interface Fold {
  readonly inside: Uint32Array;
  readonly outside: Uint32Array;
}

const FOLDS = 5;
const MOST_ROWS = 20_000;

/**
 * Deals rows into five folds by a hash of their cluster and the seed. Of more than 20,000 rows a part is dealt, whole
 * clusters of them, about so many. Folds without a row on either side are left out.
 *
 * @param clusters of all rows of the frame; @param rows ascending
 * @example foldsOf(frame.clusters, trainingRows(frame), 7)
 */
export function foldsOf(clusters: Uint32Array, rows: Uint32Array, seed: number): Fold[] {
  const dealt = new Map<number, number>();
  const part = Math.min(1, MOST_ROWS / rows.length);
  const foldOf = (cluster: number): number => {
    let fold = dealt.get(cluster);
    if (fold === undefined) {
      const random = new Random(seed, cluster, FOLDS);
      const place = random.below(FOLDS);
      fold = random.chance(part) ? place : -1;
      dealt.set(cluster, fold);
    }
    return fold;
  };
  const folds = rows.map((row) => foldOf(clusters[row]!) >>> 0);
  return Array.from({ length: FOLDS }, (_, fold) => ({
    inside: rows.filter((_row, at) => folds[at] !== fold && folds[at]! < FOLDS),
    outside: rows.filter((_row, at) => folds[at] === fold),
  })).filter(({ inside, outside }) => inside.length > 0 && outside.length > 0);
}
