// The interface for scoring and explaining with any kind of version.
import { type FeatureRecord, type Frame } from '../../data/frame.ts';
import { type Artifact } from './artifact.ts';
import { type CompiledScorer, compileScorer } from './compiled.ts';
import { explainRecord, type Explanation } from './explain.ts';
import { scoreRecord, scoreRows } from './score.ts';

/**
 * The functions with which a version scores. All scoring goes through this interface. Linear models score
 * synchronously; others may return a promise.
 */
export interface Scorer {
  /** Names of the features that it reads. */
  readonly features: readonly string[];
  /**
   * Scores rows of a frame, in the order given, each in [0, 1].
   *
   * @throws TidegateError UNKNOWN_COLUMN, WRONG_COLUMN_TYPE if the frame lacks a feature of the version
   */
  readonly scoreRows: (frame: Frame, rows: Uint32Array) => Awaitable<Float64Array>;
  /** Scores records, in the order given. A feature that is absent or of the wrong type counts as missing. */
  readonly scoreRecords: (records: readonly FeatureRecord[]) => Awaitable<readonly number[]>;
  /** Largest difference between the score of a record and the score of the same row in a frame; 0 if they are bit for bit the same. */
  readonly tolerance: number;
  /** Explains what each feature adds to the score of a record; null if the version cannot explain its scores. */
  readonly explain: ((record: FeatureRecord) => Explanation) | null;
  /**
   * Prepares to score rows whose values are in the order of `columns`, much faster than records; null if the version
   * can score only records.
   */
  readonly compile: ((columns: readonly string[]) => CompiledScorer) | null;
}

/** The scorer of a linear version, which is synchronous. */
export interface LinearScorer extends Scorer {
  readonly scoreRows: (frame: Frame, rows: Uint32Array) => Float64Array;
  readonly scoreRecords: (records: readonly FeatureRecord[]) => readonly number[];
}

/**
 * Makes the scorer of a linear artifact.
 *
 * @example linearScorer(artifact).scoreRecords([{ monthly_fee: 29.85, net_service: 'DSL' }]) // [0.31]
 */
export const linearScorer = (artifact: Artifact): LinearScorer => ({
  features: artifact.encoding.columns.map(({ name }) => name),
  scoreRows: (frame, rows) => scoreRows(artifact, frame, rows),
  scoreRecords: (records) => records.map((record) => scoreRecord(artifact, record).score),
  tolerance: 0,
  explain: (record) => explainRecord(artifact, record),
  compile: (columns) => compileScorer(artifact, columns),
});

/** Scores every row of a frame. @example await scoreFrame(scorer, frame) */
export const scoreFrame = (scorer: Scorer, frame: Frame): Awaitable<Float64Array> =>
  scorer.scoreRows(
    frame,
    Uint32Array.from({ length: frame.rows }, (_, row) => row),
  );

/** A value or a promise of it. @example const score: Awaitable<number> = 0.5; */
export type Awaitable<T> = T | Promise<T>;
