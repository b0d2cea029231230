// Permutation importance: how much AUC a model loses when the values of one feature are shuffled.
import { type FeatureColumn, type Frame } from '../../data/frame.ts';
import { Random } from '../../random.ts';
import { auc } from '../../data/math/auc.ts';
import { type Scorer } from '../artifact/scorer.ts';

/** How much of the AUC depends on one feature. Plain JSON. */
export interface FeatureImportance {
  readonly feature: string;
  /** AUC less the mean AUC with the feature permuted; around 0, possibly below, for a useless feature. */
  readonly importance: number;
  /** Standard deviation (ddof 0) over the permutations. */
  readonly spread: number;
}

/** How often to permute, and on how many rows. */
export interface ImportanceOptions {
  readonly seed: number;
  /** Permutations of each feature. @default 5 */
  readonly repeats?: number;
  /** Maximum rows to score, taken evenly from those given. @default 20,000 */
  readonly maxRows?: number;
}

/**
 * Returns the importance of each feature of a frame for any model, largest first; empty if all rows are of one class.
 * Features that carry the same information hide each other's importance.
 *
 * Source: Breiman, Machine Learning 45 (2001); model-agnostic as in Fisher, Rudin and Dominici, JMLR 20 (2019).
 *
 * @param rows labelled rows on which the model was not trained
 * @param score scores rows of a frame, in the given order
 * @example await permutationImportance(frame, evaluationRows(frame), (other, rows) => scoreRows(artifact, other, rows), { seed: 7 })
 */
export async function permutationImportance(
  frame: Frame,
  rows: Uint32Array,
  score: Scorer['scoreRows'],
  { seed, repeats = 5, maxRows = 20_000 }: ImportanceOptions,
): Promise<FeatureImportance[]> {
  const stride = Math.max(1, Math.ceil(rows.length / maxRows));
  const chosen = rows.filter((_, at) => at % stride === 0);
  const labels = Uint8Array.from(chosen, (row) => frame.labels[row]!);
  const whole = auc(labels, await score(frame, chosen));
  if (whole === null) return [];
  const importances: FeatureImportance[] = [];
  for (const [position, column] of frame.features.entries()) {
    const losses: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const dealt = shuffled(chosen, new Random(seed, position, repeat));
      const features = frame.features.with(position, permuted(column, chosen, dealt));
      losses.push(whole - auc(labels, await score({ ...frame, features }, chosen))!);
    }
    const importance = losses.reduce((sum, loss) => sum + loss, 0) / repeats;
    const squares = losses.reduce((sum, loss) => sum + (loss - importance) ** 2, 0);
    importances.push({ feature: column.name, importance, spread: Math.sqrt(squares / repeats) });
  }
  return importances.sort((a, b) => b.importance - a.importance);
}

/** Returns the column with the values of the rows `from` placed at the rows `to`. */
function permuted(column: FeatureColumn, to: Uint32Array, from: Uint32Array): FeatureColumn {
  if (column.kind === 'numeric') {
    const values = column.values.slice();
    to.forEach((row, at) => (values[row] = column.values[from[at]!]!));
    return { ...column, values };
  }
  const codes = column.codes.slice();
  to.forEach((row, at) => (codes[row] = column.codes[from[at]!]!));
  return { ...column, codes };
}

/** The Fisher-Yates shuffle. */
function shuffled(rows: Uint32Array, random: Random): Uint32Array {
  const order = rows.slice();
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}
