// The table of tasks for threads. Each task is a function of plain data; its input is copied to the thread, and its
// result is copied back.
import {
  type DomainClassification,
  domainClassifier,
} from '../../domain/drift/multivariate/domain-classifier.ts';
import { type SideRows } from '../../domain/drift/multivariate/pooled-rows.ts';
import { type Frame } from '../../domain/data/frame.ts';
import { type Artifact } from '../../domain/learning/artifact/artifact.ts';
import { type LabelledScores } from '../../domain/learning/metrics/calibration-intervals.ts';
import { crossValidate, type ValidationTask } from '../../domain/learning/cross-validate.ts';
import { fitVersion, type VersionTask } from '../../domain/learning/fit-version.ts';
import { foldsOf } from '../../domain/learning/resample/folds.ts';
import { measureLoneFeature, type LoneFeature } from '../../domain/learning/lone-feature.ts';
import {
  measureComparison,
  type MeasuredComparison,
  type MeasureInput,
  sideBySide,
  type SideBySide,
  type SideBySideInput,
} from '../../domain/learning/compare/side-by-side.ts';
import { type NamedTask, type ScoredOutOfFold, scoreOutOfFold } from '../../domain/learning/out-of-fold.ts';
import { measurePerformance, type Performance } from '../../domain/learning/metrics/performance.ts';
import { openScorer, type ScorerSource } from '../../scoring/open-scorer.ts';

/** A training that can be sent to a thread. */
export type TrainingInput = Omit<VersionTask, 'onProgress'>;

/** Called with fractions from 0 to 1. */
export type OnProgress = (fraction: number) => void;

/** Every task by name. To add a computation, write a pure function in `domain/` and add a row here. */
export const tasks = {
  /** Fits a version. */
  fit: (input: TrainingInput, onProgress: OnProgress): Artifact => fitVersion({ ...input, onProgress }),

  /** Judges one recipe on each fold. */
  crossValidate: (input: ValidationTask, onProgress: OnProgress): number[] =>
    crossValidate(input, onProgress),

  /** Scores each training row with a model that was not fitted on it. */
  scoreOutOfFold: (
    { maxRows, ...input }: Omit<NamedTask, 'onProgress'> & { readonly maxRows: number },
    onProgress: OnProgress,
  ): ScoredOutOfFold => scoreOutOfFold({ ...input, onProgress }, maxRows),

  /**
   * Measures how well each feature on its own predicts the label; leaves out features for which that cannot be
   * measured.
   */
  judgeFeaturesAlone: (
    { frame, seed }: { readonly frame: Frame; readonly seed: number },
    onProgress: OnProgress,
  ): LoneFeature[] => {
    const rows = Uint32Array.from({ length: frame.rows }, (_, row) => row);
    const { folds } = foldsOf(frame, rows, { seed });
    return frame.features.flatMap((column, at) => {
      const alone = measureLoneFeature(column, { frame, folds });
      onProgress((at + 1) / frame.features.length);
      return alone ?? [];
    });
  },

  /** Measures candidate and champion on the same rows. */
  measureComparison: async (
    { input, candidate }: { readonly input: MeasureInput; readonly candidate: ScorerSource },
    onProgress: OnProgress,
  ): Promise<MeasuredComparison> => measureComparison(input, await openScorer(candidate), onProgress),

  /** Measures whether a classifier can tell the rows of two samples apart. */
  tellApart: ({
    reference,
    window,
    seed,
  }: {
    readonly reference: SideRows;
    readonly window: SideRows;
    readonly seed: number;
  }): DomainClassification => domainClassifier(reference, window, { seed }),

  /** Measures scores against labels, with intervals by resampling; needs at least one row. */
  measurePerformance: ({
    rows,
    seed,
  }: {
    readonly rows: LabelledScores;
    readonly seed: number;
  }): Performance => measurePerformance(rows, seed),

  /**
   * Measures log loss and the other measures of champion and candidate, with intervals by resampling; needs at least
   * one row.
   */
  sideBySide: (input: SideBySideInput): SideBySide => sideBySide(input),
} as const;

/** The name of a task. */
export type TaskName = keyof typeof tasks;

/** The input of a task. */
export type TaskInput<Name extends TaskName> = Parameters<(typeof tasks)[Name]>[0];

/** The result of a task. */
export type TaskResult<Name extends TaskName> = Awaited<ReturnType<(typeof tasks)[Name]>>;
