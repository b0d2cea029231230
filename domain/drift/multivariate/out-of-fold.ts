// Scores of rows by what all other entities taught.
import { Random } from '../../random.ts';
import { chooseProducts } from './choose-products.ts';
import { fitBalanced } from './fit-balanced.ts';
import { type Term, type Terms, productOf } from './terms.ts';

/** Scores of every row: with all columns, and with each column left out of what was learnt. */
export interface OutOfFold {
  readonly scores: Float64Array;
  /** By the position of the column. */
  readonly without: readonly Float64Array[];
}

const FOLDS = 5;

/**
 * Scores each fifth of the entities by what the others taught. Rows of one entity share a fold: what is learnt of it
 * must not come back as its score.
 *
 * @param columns how many columns the terms come from
 */
export function outOfFold(
  { single, pairs }: Terms,
  columns: number,
  { labels, clusters, seed }: { labels: Uint8Array; clusters: Uint32Array; seed: number },
): OutOfFold {
  const rows = labels.length;
  const folds = foldsOf(clusters, seed);
  const chosen = chooseProducts(pairs, labels, folds, FOLDS);
  const scores = new Float64Array(rows);
  const without = Array.from({ length: columns }, () => new Float64Array(rows));
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const every = Uint32Array.from({ length: rows }, (_, row) => row);
    const own = every.filter((row) => folds[row] === fold);
    const others = every.filter((row) => folds[row] !== fold);
    const terms: Term[] = [...single, ...(chosen[fold] ?? []).flatMap((pair) => productOf(pair) ?? [])];
    const [intercept = 0, ...coefficients] = fitBalanced(terms, labels, others);
    for (const row of own) {
      scores[row] = terms.reduce(
        (sum, { values }, at) => sum + (coefficients[at] as number) * (values[row] as number),
        intercept,
      );
    }
    without.forEach((left, column) => {
      const touched = terms.flatMap((term, at) => (term.columns.includes(column) ? [at] : []));
      for (const row of own) {
        left[row] = touched.reduce(
          (sum, at) => sum - (coefficients[at] as number) * ((terms[at] as Term).values[row] as number),
          scores[row] as number,
        );
      }
    });
  }
  return { scores, without };
}

function foldsOf(clusters: Uint32Array, seed: number): Uint8Array {
  const random = new Random(seed, clusters.length, 2);
  const foldOf = new Map<number, number>();
  return Uint8Array.from(clusters, (cluster) => {
    const fold = foldOf.get(cluster) ?? random.below(FOLDS);
    foldOf.set(cluster, fold);
    return fold;
  });
}
