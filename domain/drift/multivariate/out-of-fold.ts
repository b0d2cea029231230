// Scores of rows by what all other entities taught.
import { Random } from '../../random.ts';
import { chooseProducts } from './choose-products.ts';
import { fitFolds } from './fit-balanced.ts';
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
  const { terms, used } = termsByFold(single, chooseProducts(pairs, labels, folds, FOLDS));
  const fits = fitFolds(terms, used, { labels, folds });

  const rowsByFold = Array.from({ length: FOLDS }, () => [] as number[]);
  folds.forEach((fold, row) => rowsByFold[fold]!.push(row));
  const scores = new Float64Array(rows);
  fits.forEach(({ intercept, coefficients }, fold) => {
    const own = Uint32Array.from(rowsByFold[fold]!);
    for (const row of own) scores[row] = intercept;
    used[fold]!.forEach((position, at) => addTerm(scores, terms[position]!, coefficients[at]!, own));
  });
  const without = Array.from({ length: columns }, () => scores.slice());
  fits.forEach(({ coefficients }, fold) => {
    const own = Uint32Array.from(rowsByFold[fold]!);
    used[fold]!.forEach((position, at) => {
      const term = terms[position]!;
      for (const column of new Set(term.columns)) addTerm(without[column]!, term, -coefficients[at]!, own);
    });
  });
  return { scores, without };
}

/** All terms that any fold uses, each once, and which of them each fold uses. */
function termsByFold(
  single: readonly Term[],
  chosen: readonly (readonly (readonly [Term, Term])[])[],
): { readonly terms: readonly Term[]; readonly used: readonly (readonly number[])[] } {
  const terms = [...single];
  const positions = new Map<readonly [Term, Term], number | undefined>();
  for (const pair of new Set(chosen.flat())) {
    const product = productOf(pair);
    positions.set(pair, product && terms.push(product) - 1);
  }
  const always = single.map((_, position) => position);
  return {
    terms,
    used: chosen.map((pairs) => [...always, ...pairs.flatMap((pair) => positions.get(pair) ?? [])]),
  };
}

/** Adds a multiple of a term to the sums of the rows. */
function addTerm(sums: Float64Array, { values }: Term, factor: number, rows: Uint32Array): void {
  for (let at = 0; at < rows.length; at += 1) sums[rows[at]!]! += factor * values[rows[at]!]!;
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
