// Compiles a linear version into functions that score without creating an object for each row.
import { type Value } from '../../model/derived/operator.ts';
import { sigmoid } from '../../data/math/special-functions.ts';
import { CLIP, positionOf } from '../encode/encode.ts';
import { type ColumnEncoding, columnWidth } from '../encode/encoding.ts';
import { type Artifact } from './artifact.ts';
import { calibrated } from './calibration-map.ts';

/**
 * The values of one column for several rows: numbers, in which NaN is missing, or texts, in which null is missing. Null
 * instead of a list means that the column is missing in all rows.
 */
export type ColumnValues = Float64Array | readonly (string | null)[] | null;

/** Scores rows whose values are in the order of a fixed list of columns. Each score is in [0, 1]. */
export interface CompiledScorer {
  /** Scores one row. A value that is absent or of the wrong type counts as missing. */
  readonly scoreRow: (values: readonly Value[]) => number;
  /** Scores rows that are given column by column. @param rows number of values in each column */
  readonly scoreColumns: (columns: readonly ColumnValues[], rows: number) => Float64Array;
}

/** What one feature adds to the log-odds. Column names are only compared here; they never become code. */
interface Term {
  /** Position of the feature in a row; −1 if the rows do not have it. */
  readonly place: number;
  /** For a category, what each level adds; for a number null. */
  readonly levels: ReadonlyMap<string, number> | null;
  /** What a value adds that is not among the levels. */
  readonly unseen: number;
  readonly missing: number;
  /** Coefficient of a standardised number; 0 if the feature has no such column. */
  readonly slope: number;
  readonly halfMean: number;
  readonly halfSd: number;
}

/**
 * Compiles an artifact for rows with the given columns. Its scores are bit for bit those of `scoreRecord`.
 *
 * @param columns names of the values of a row, in order; columns that the artifact does not use are ignored
 * @example compileScorer(artifact, ['monthly_fee', 'net_service']).scoreRow([29.85, 'DSL']) // 0.31
 */
export function compileScorer(
  { encoding, coefficients, calibration }: Artifact,
  columns: readonly string[],
): CompiledScorer {
  let next = 1;
  const terms = encoding.columns.map((column) =>
    termOf(column, columns.indexOf(column.name), coefficients.slice(next, (next += columnWidth(column)))),
  );
  const intercept = coefficients[0] ?? 0;
  const map = calibration?.map;
  return {
    scoreRow(values) {
      let sum = intercept;
      // A plain loop, because this runs for every request.
      for (let at = 0; at < terms.length; at += 1) {
        const term = terms[at]!;
        const value = values[term.place];
        if (term.levels === null) sum += typeof value === 'number' ? numberTerm(term, value) : term.missing;
        else sum += textTerm(term, term.levels, value);
      }
      return calibrated(map, sigmoid(sum));
    },
    scoreColumns(given, rows) {
      const scores = new Float64Array(rows).fill(intercept);
      for (const term of terms) addTerms(term, given[term.place] ?? null, scores);
      for (let row = 0; row < rows; row += 1) scores[row] = calibrated(map, sigmoid(scores[row]!));
      return scores;
    },
  };
}

function termOf(column: ColumnEncoding, place: number, coefficients: readonly number[]): Term {
  if (column.kind === 'numeric') {
    const { scale, missing } = column;
    return {
      place,
      levels: null,
      unseen: 0,
      missing: missing ? coefficients[scale ? 1 : 0]! : 0,
      slope: scale ? coefficients[0]! : 0,
      halfMean: scale ? scale.mean / 2 : 0,
      halfSd: scale ? scale.sd / 2 : 1,
    };
  }
  const added = (value: string | null): number => coefficients[positionOf(column, value)] ?? 0;
  return {
    place,
    levels: new Map(column.levels.map((level) => [level, added(level)])),
    unseen: column.other ? coefficients[column.levels.length]! : 0,
    missing: added(null),
    slope: 0,
    halfMean: 0,
    halfSd: 1,
  };
}

/** The same operations in the same order as `standardise`, so that the bits are the same. */
function numberTerm({ slope, halfMean, halfSd, missing }: Term, value: number): number {
  if (!Number.isFinite(value)) return missing;
  const standardised = (value / 2 - halfMean) / halfSd;
  return slope * (standardised > CLIP ? CLIP : standardised < -CLIP ? -CLIP : standardised);
}

const textTerm = (term: Term, levels: ReadonlyMap<string, number>, value: Value | undefined): number =>
  typeof value === 'string' ? (levels.get(value) ?? term.unseen) : term.missing;

/** Adds the term of one feature to the sums of all rows. */
function addTerms(term: Term, values: ColumnValues, sums: Float64Array): void {
  const { levels } = term;
  if (levels === null && values instanceof Float64Array) {
    for (let row = 0; row < sums.length; row += 1) sums[row]! += numberTerm(term, values[row]!);
  } else if (levels !== null && values !== null && !(values instanceof Float64Array)) {
    for (let row = 0; row < sums.length; row += 1) sums[row]! += textTerm(term, levels, values[row]);
  } else for (let row = 0; row < sums.length; row += 1) sums[row]! += term.missing;
}
