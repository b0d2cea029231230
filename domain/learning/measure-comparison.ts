// Everything that a comparison measures on its evaluation rows, in one go.
import { type Frame } from '../features/frame.ts';
import type { NamedSlice } from '../features/schema/slices-schema.ts';
import { compare, type Comparison } from './comparison.ts';
import { type Cuts, mcnemarAtCut, type McNemarAtCut } from './mcnemar-at-cut.ts';
import { type FeatureImportance, permutationImportance } from './permutation-importance.ts';
import { type Scorer } from './scorer.ts';
import { sideBySide, type SideBySide } from './side-by-side.ts';
import { compareSlices, type Slice } from './slices.ts';

/** What is measured. Fit to be sent to a thread, where the candidate's scorer is made anew. */
export interface MeasureInput {
  /** The evaluation rows and no others: labelled, and held out. */
  readonly frame: Frame;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
  /** Share of positives by which both are judged beside each other, in (0, 1): that of the candidate's training. */
  readonly prior: number;
  /** Where each decides. */
  readonly cuts: Cuts;
  /** Slices that the definition names. */
  readonly named: readonly NamedSlice[];
  readonly seed: number;
}

/** What was measured. Plain JSON. */
export interface MeasuredComparison {
  readonly comparison: Comparison;
  readonly measures: SideBySide;
  readonly mcnemar: McNemarAtCut;
  readonly slices: readonly Slice[];
  readonly importance: readonly FeatureImportance[];
}

/**
 * Measures champion and candidate on the same rows: AUCs and their difference, what is beside them, decisions at the
 * cut, slices, and what the candidate's AUC rests on. The same input gives the same output.
 *
 * @param candidate scores the rows again with one feature's values dealt out anew
 * @param onProgress told how far it is, from 0 to 1
 * @throws TidegateError TOO_FEW_LABELS where there is no row
 * @example (await measureComparison(input, linearScorer(artifact))).comparison.difference.low > 0
 */
export async function measureComparison(
  { frame, championScores, candidateScores, prior, cuts, named, seed }: MeasureInput,
  candidate: Scorer,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<MeasuredComparison> {
  const { labels, clusters } = frame;
  const rows = Uint32Array.from({ length: frame.rows }, (_, row) => row);
  const scored = { labels, clusters, championScores, candidateScores };
  const comparison = compare(scored);
  onProgress(0.1);
  const measures = sideBySide({ ...scored, prior, seed });
  onProgress(0.4);
  const mcnemar = mcnemarAtCut({ ...scored, cuts });
  const slices = compareSlices({ frame, rows, championScores, candidateScores, named });
  onProgress(0.7);
  const importance = await permutationImportance(frame, rows, candidate.scoreRows, { seed });
  onProgress(1);
  return { comparison, measures, mcnemar, slices, importance };
}
