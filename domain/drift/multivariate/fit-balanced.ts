// Fits penalised logistic regressions with equal total weight for reference and window, one for each fold that is left
// out.
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { sigmoid } from '../../data/math/special-functions.ts';
import { chooseProducts, productOf, type Term, type Terms } from './terms.ts';
import { Random } from '../../random.ts';

/** Strength of the penalty, as a share of the weight of all rows. */
const PENALTY = 0.02;
const MAX_STEPS = 15;
/** The iteration stops after a step shorter than this. */
const TOLERANCE = 1e-3;

/** Labels and folds of the rows. */
interface FoldRows {
  /** 0 or 1 per row. */
  readonly labels: Uint8Array;
  /** The fold of each row, from 0. */
  readonly folds: Uint8Array;
}

/** The regression fitted on all folds but one. */
interface FoldFit {
  readonly intercept: number;
  /** One per term that the fold uses, in the same order. */
  readonly coefficients: Float64Array;
}

/**
 * Fits one regression per fold, on the rows of all other folds, which must contain both labels.
 *
 * Each step solves against an upper bound of the Hessian, X'WX/4 + λ, which never overshoots and is factored only once.
 * The sums of products of which this bound consists are computed once per fold and label, and shared by all
 * regressions.
 *
 * Source: Böhning and Lindsay 1988.
 *
 * @param terms every term that any fold uses
 * @param used for each fold, the positions in `terms` of the terms that its regression uses
 */
function fitFolds(
  terms: readonly Term[],
  used: readonly (readonly number[])[],
  { labels, folds }: FoldRows,
): FoldFit[] {
  const { order, starts } = groupByCell(labels, folds, used.length);
  // The intercept is a column of ones; the others follow in the order of the terms.
  const columns: Float64Array[] = [new Float64Array(order.length).fill(1)];
  for (const { values } of terms) columns.push(pick(values, order));
  const products = crossProducts(columns, foldsOfColumns(terms.length, used), starts);
  const targets = new Float64Array(order.length);
  order.forEach((row, at) => (targets[at] = labels[row] as number));
  return used.map((positions, fold) => {
    const chosen = [0, ...positions.map((position) => position + 1)];
    const coefficients = fitFold(
      chosen.map((column) => columns[column] as Float64Array),
      { fold, starts, targets, productOf: (cell, i, j) => products(cell, chosen[i]!, chosen[j]!) },
    );
    return { intercept: coefficients[0] as number, coefficients: coefficients.slice(1) };
  });
}

/**
 * Orders row numbers by fold and label. The rows of one fold and label form cell number 2 · fold + label; also returns
 * where each cell starts.
 */
function groupByCell(
  labels: Uint8Array,
  folds: Uint8Array,
  foldCount: number,
): { readonly order: Uint32Array; readonly starts: Uint32Array } {
  const starts = new Uint32Array(2 * foldCount + 1);
  for (let row = 0; row < labels.length; row += 1) starts[2 * folds[row]! + labels[row]! + 1]! += 1;
  for (let cell = 1; cell < starts.length; cell += 1) starts[cell]! += starts[cell - 1]!;
  const next = starts.slice();
  const order = new Uint32Array(labels.length);
  for (let row = 0; row < labels.length; row += 1) order[next[2 * folds[row]! + labels[row]!]!++] = row;
  return { order, starts };
}

function pick(values: Float64Array, order: Uint32Array): Float64Array {
  const picked = new Float64Array(order.length);
  for (let at = 0; at < order.length; at += 1) picked[at] = values[order[at]!]!;
  return picked;
}

/** Returns a bit mask per column of the folds that use it; all folds use the intercept. */
function foldsOfColumns(terms: number, used: readonly (readonly number[])[]): Uint32Array {
  const masks = new Uint32Array(terms + 1);
  used.forEach((positions, fold) => {
    for (const column of [-1, ...positions]) masks[column + 1]! |= 1 << fold;
  });
  return masks;
}

/** Computes the sums of products of two columns over the rows of each cell, if any fold uses the two together. */
function crossProducts(
  columns: readonly Float64Array[],
  masks: Uint32Array,
  starts: Uint32Array,
): (cell: number, i: number, j: number) => number {
  const width = columns.length;
  const cells = starts.length - 1;
  const sums = new Float64Array(cells * width * width);
  for (let i = 0; i < width; i += 1) {
    for (let j = i; j < width; j += 1) {
      if ((masks[i]! & masks[j]!) === 0) continue;
      for (let cell = 0; cell < cells; cell += 1) {
        const sum = dot(columns[i]!, columns[j]!, starts[cell]!, starts[cell + 1]!);
        sums[(cell * width + i) * width + j] = sum;
        sums[(cell * width + j) * width + i] = sum;
      }
    }
  }
  return (cell, i, j) => sums[(cell * width + i) * width + j]!;
}

/** Dot product over a range. Four independent sums run faster than one, whose additions wait for each other. */
function dot(a: Float64Array, b: Float64Array, from: number, to: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let at = from;
  for (; at + 3 < to; at += 4) {
    first += a[at]! * b[at]!;
    second += a[at + 1]! * b[at + 1]!;
    third += a[at + 2]! * b[at + 2]!;
    fourth += a[at + 3]! * b[at + 3]!;
  }
  for (; at < to; at += 1) first += a[at]! * b[at]!;
  return first + second + (third + fourth);
}

interface FoldProblem {
  readonly fold: number;
  readonly starts: Uint32Array;
  /** 0 or 1 per row, in the order of the columns' rows. */
  readonly targets: Float64Array;
  readonly productOf: (cell: number, i: number, j: number) => number;
}

/** Learns the coefficients of the columns from the rows outside a fold. */
function fitFold(
  columns: readonly Float64Array[],
  { fold, starts, targets, productOf }: FoldProblem,
): Float64Array {
  const cells = Array.from({ length: starts.length - 1 }, (_, cell) => cell).filter(
    (cell) => cell >> 1 !== fold,
  );
  const counts = [0, 0];
  for (const cell of cells) counts[cell & 1]! += starts[cell + 1]! - starts[cell]!;
  const rows = counts[0]! + counts[1]!;
  const weights = counts.map((count) => rows / (2 * count));
  const penalty = PENALTY * rows;

  const width = columns.length;
  const bound = new Matrix(width, width);
  for (let i = 0; i < width; i += 1) {
    for (let j = i; j < width; j += 1) {
      const sum = cells.reduce((total, cell) => total + weights[cell & 1]! * productOf(cell, i, j), 0) / 4;
      bound.set(i, j, sum);
      bound.set(j, i, sum);
    }
    // The intercept is not penalised; 1e-9 keeps the matrix positive definite.
    bound.set(i, i, bound.get(i, i) + (i === 0 ? 1e-9 : penalty));
  }
  const factors = new CholeskyDecomposition(bound);

  const coefficients = new Float64Array(width);
  const residuals = new Float64Array(targets.length);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    setResiduals(residuals, columns, { coefficients, targets });
    const slope = columns.map((column, at) =>
      cells.reduce(
        (sum, cell) => sum + weights[cell & 1]! * dot(column, residuals, starts[cell]!, starts[cell + 1]!),
        at === 0 ? 0 : penalty * coefficients[at]!,
      ),
    );
    const move = factors.solve(Matrix.columnVector(slope)).to1DArray();
    move.forEach((change, at) => (coefficients[at]! -= change));
    if (Math.hypot(...move) < TOLERANCE) break;
  }
  return coefficients;
}

/** Computes predicted probability less target for every row. */
function setResiduals(
  residuals: Float64Array,
  columns: readonly Float64Array[],
  { coefficients, targets }: { readonly coefficients: Float64Array; readonly targets: Float64Array },
): void {
  residuals.fill(0);
  columns.forEach((column, at) => addScaled(residuals, column, coefficients[at]!));
  for (let row = 0; row < residuals.length; row += 1)
    residuals[row] = sigmoid(residuals[row]!) - targets[row]!;
}

/** Adds a multiple of a column to the sums. */
function addScaled(sums: Float64Array, column: Float64Array, factor: number): void {
  for (let row = 0; row < sums.length; row += 1) sums[row]! += factor * column[row]!;
}

/** Scores of every row: with all columns, and with the terms of each column left out. */
interface OutOfFold {
  readonly scores: Float64Array;
  /** One array per column: the scores without the terms of this column. */
  readonly without: readonly Float64Array[];
}

const FOLDS = 5;

/**
 * Scores each fifth of the entities with the regression fitted on the other entities. All rows of an entity are in the
 * same fold, so that no row is scored by what was learnt from its own entity.
 *
 * @param columns number of columns that the terms come from
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

  const every = Uint32Array.from({ length: rows }, (_, row) => row);
  const rowsByFold = fits.map((_, fold) => every.filter((row) => folds[row] === fold));
  const scores = new Float64Array(rows);
  fits.forEach(({ intercept, coefficients }, fold) => {
    const own = rowsByFold[fold]!;
    for (const row of own) scores[row] = intercept;
    used[fold]!.forEach((position, at) => addTerm(scores, terms[position]!, coefficients[at]!, own));
  });
  const without = Array.from({ length: columns }, () => scores.slice());
  fits.forEach(({ coefficients }, fold) => {
    const own = rowsByFold[fold]!;
    used[fold]!.forEach((position, at) => {
      const term = terms[position]!;
      for (const column of new Set(term.columns)) addTerm(without[column]!, term, -coefficients[at]!, own);
    });
  });
  return { scores, without };
}

/** Lists all terms that any fold uses, each once, and the positions of those that each fold uses. */
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
