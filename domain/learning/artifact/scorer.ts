// How a version is scored, whatever it is made of: rows of a frame, records of a request, and what explains a score.
import { type FeatureRecord, type Frame } from '../../data/frame.ts';
import { type Artifact } from './artifact.ts';
import { explainRecord, type Explanation } from './explain.ts';
import { scoreRecord, scoreRows } from './score.ts';

/**
 * A version that can score. Everything that scores a version does so through this: what a linear version gives is there
 * at once, what another gives may have to be waited for.
 */
export interface Scorer {
  /** Features that it reads, by name. */
  readonly features: readonly string[];
  /**
   * Scores rows of a frame, in the order given, each in [0, 1].
   *
   * @throws TidegateError UNKNOWN_COLUMN, WRONG_COLUMN_TYPE where the frame lacks a feature of the version
   */
  readonly scoreRows: (frame: Frame, rows: Uint32Array) => Awaitable<Float64Array>;
  /** Scores records, in the order given. An absent feature, or one of the wrong type, is missing. */
  readonly scoreRecords: (records: readonly FeatureRecord[]) => Awaitable<readonly number[]>;
  /** How far a record's score alone may lie from the score of its row in a frame; 0 where they are the same bits. */
  readonly tolerance: number;
  /** What each feature adds to the score of a record; null where the version cannot tell. */
  readonly explain: ((record: FeatureRecord) => Explanation) | null;
}

/** The scorer of a linear version: nothing of it has to be waited for. */
export interface LinearScorer extends Scorer {
  readonly scoreRows: (frame: Frame, rows: Uint32Array) => Float64Array;
  readonly scoreRecords: (records: readonly FeatureRecord[]) => readonly number[];
}

/**
 * Scores by the dot product of an artifact.
 *
 * @example linearScorer(artifact).scoreRecords([{ monthly_fee: 29.85, net_service: 'DSL' }]) // [0.31]
 */
export const linearScorer = (artifact: Artifact): LinearScorer => ({
  features: artifact.encoding.columns.map(({ name }) => name),
  scoreRows: (frame, rows) => scoreRows(artifact, frame, rows),
  scoreRecords: (records) => records.map((record) => scoreRecord(artifact, record).score),
  tolerance: 0,
  explain: (record) => explainRecord(artifact, record),
});

/** Scores every row of a frame. @example await scoreFrame(scorer, frame) */
export const scoreFrame = (scorer: Scorer, frame: Frame): Awaitable<Float64Array> =>
  scorer.scoreRows(
    frame,
    Uint32Array.from({ length: frame.rows }, (_, row) => row),
  );

/** What is there at once, or comes later. @example const score: Awaitable<number> = 0.5; */
export type Awaitable<T> = T | Promise<T>;
