// Scores rows of a definition's columns with one version: derived columns are computed, then the version scores.
import { type SourceColumn, sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { rowDeriver } from '../../domain/model/derivation.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';
import { type ColumnValues } from '../../domain/learning/artifact/compiled.ts';
import { type Awaitable, type Scorer } from '../../domain/learning/artifact/scorer.ts';

/** A version that scores rows which are given as lists of values, without creating an object for each row. */
export interface CompiledModel {
  /** The columns that a request may send, in the order of the values of a row. */
  readonly inputs: readonly SourceColumn[];
  /** Names of all columns of a row: the inputs, then the derived ones. */
  readonly columns: readonly string[];
  /** Whether scores are returned at once and not as a promise, which is so for linear versions. */
  readonly isSynchronous: boolean;
  /**
   * Scores one row. The derived columns are written into it behind the inputs.
   *
   * @param row one value for each input: null means missing; a flag is the text `true` or `false`, and an instant is in
   *   microseconds since 1970 UTC. The caller may use the array again after the call returns.
   * @param rowTimeMicros row time for derived columns, in microseconds since 1970 UTC
   * @returns a number in [0, 1]; a promise only if the version is not linear
   */
  readonly scoreRow: (row: Value[], rowTimeMicros: number) => Awaitable<number>;
  /**
   * Scores rows that are given column by column.
   *
   * @param columns one for each input: numbers, counts and instants as Float64Array with NaN for missing; texts and flags as
   *   lists with null for missing; null if the request does not have the column
   * @param rows number of rows
   * @param onRow called with the values of each row, including derived ones, if given; the array is used again
   */
  readonly scoreColumns: (
    columns: readonly ColumnValues[],
    rows: number,
    rowTimeMicros: number,
    onRow?: (row: readonly Value[], index: number) => void,
  ) => Awaitable<Float64Array>;
}

/** Compiles a version. @example compileModel(definition, scorer).scoreRow([29.85, 'DSL'], micros) // 0.31 */
export function compileModel(
  definition: ModelDefinition,
  { compile, scoreRecords, features }: Pick<Scorer, 'compile' | 'scoreRecords' | 'features'>,
): CompiledModel {
  const inputs = sourceColumnsOf(definition);
  const { columns, sources, derive } = rowDeriver(definition);
  const compiled = compile?.(columns);
  const derives = columns.length > sources;
  const places = features.map((name) => [name, columns.indexOf(name)] as const);
  const recordOf = (row: readonly Value[]): FeatureRecord =>
    Object.fromEntries(places.map(([name, place]) => [name, row[place] ?? null]));

  return {
    inputs,
    columns,
    isSynchronous: compiled !== undefined,
    scoreRow(row, rowTimeMicros) {
      if (derives) derive(row, rowTimeMicros);
      if (compiled) return compiled.scoreRow(row);
      const scored = scoreRecords([recordOf(row)]);
      return scored instanceof Promise ? scored.then(([score]) => score!) : scored[0]!;
    },
    scoreColumns(given, rows, rowTimeMicros, onRow) {
      if (compiled && !derives && !onRow) return compiled.scoreColumns(given, rows);
      const scores = compiled && new Float64Array(rows);
      const records: FeatureRecord[] = [];
      const row = new Array<Value>(columns.length).fill(null);
      for (let index = 0; index < rows; index += 1) {
        for (let at = 0; at < sources; at += 1) row[at] = valueAt(given[at] ?? null, index);
        if (derives) derive(row, rowTimeMicros);
        if (scores) scores[index] = compiled.scoreRow(row);
        else records.push(recordOf(row));
        onRow?.(row, index);
      }
      if (scores) return scores;
      const scored = scoreRecords(records);
      return scored instanceof Promise
        ? scored.then((all) => Float64Array.from(all))
        : Float64Array.from(scored);
    },
  };
}

function valueAt(values: ColumnValues, index: number): Value {
  const value = values?.[index] ?? null;
  return typeof value === 'number' && Number.isNaN(value) ? null : value;
}
