// Which products of two terms are worth learning from.
import { type Term } from './terms.ts';

/** A pair of terms whose product may tell the sides apart. */
type Pair = readonly [Term, Term];

/** Most products that a fold learns from. */
const MOST_PRODUCTS = 40;

/**
 * For each fold the pairs whose products differ most between the sides on the rows of all other folds: what is chosen
 * by a row never scores it.
 *
 * @returns one list a fold, the most different first
 */
export function chooseProducts(
  pairs: readonly Pair[],
  labels: Uint8Array,
  folds: Uint8Array,
  foldCount: number,
): Pair[][] {
  const counts = new Float64Array(2 * foldCount);
  for (let row = 0; row < labels.length; row += 1) counts[cellOf(labels, folds, row)]!++;
  const differences = pairs.map((pair) => differencesOf(pair, labels, folds, counts));
  return Array.from({ length: foldCount }, (_, fold) =>
    pairs
      .map((pair, at) => ({ pair, difference: differences[at]?.[fold] ?? 0 }))
      .sort((a, b) => b.difference - a.difference)
      .slice(0, MOST_PRODUCTS)
      .map(({ pair }) => pair),
  );
}

const cellOf = (labels: Uint8Array, folds: Uint8Array, row: number): number =>
  2 * (folds[row] as number) + (labels[row] as number);

/** By fold, how far the means of both sides lie apart outside of it, in standard deviations of the product. */
function differencesOf(
  [a, b]: Pair,
  labels: Uint8Array,
  folds: Uint8Array,
  counts: Float64Array,
): Float64Array {
  const sums = new Float64Array(counts.length);
  let squares = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const product = (a.values[row] as number) * (b.values[row] as number);
    sums[cellOf(labels, folds, row)]! += product;
    squares += product * product;
  }
  const spread = Math.sqrt(squares / labels.length);
  return Float64Array.from({ length: counts.length / 2 }, (_, fold) => {
    const meanOf = (side: number): number => {
      let sum = 0;
      let count = 0;
      for (let cell = side; cell < counts.length; cell += 2) {
        if (cell >> 1 === fold) continue;
        sum += sums[cell] as number;
        count += counts[cell] as number;
      }
      return count > 0 ? sum / count : 0;
    };
    return spread > 0 ? Math.abs(meanOf(1) - meanOf(0)) / spread : 0;
  });
}
