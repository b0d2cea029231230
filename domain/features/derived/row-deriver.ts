// Computes the derived columns of rows that are held by position.
import { type ModelDefinition } from '../definition.ts';
import { sourceColumnsOf } from '../source-columns.ts';
import { derivationsOf } from './derivation.ts';
import { type Value } from './operator.ts';

/** The places of a row, and how those of the derived columns are filled. */
export interface RowDeriver {
  /** Names by place: the source columns in the order of `sourceColumnsOf`, then the derived ones in that of `derivationsOf`. */
  readonly columns: readonly string[];
  /** How many places are source columns. */
  readonly sources: number;
  /** Fills the places of derived columns of a row whose source columns are filled. */
  readonly derive: (row: Value[], rowTimeMicros: number) => void;
}

/**
 * Prepares the computation of derived columns for rows of one definition.
 *
 * @example
 * const { columns, sources, derive } = rowDeriver(definition);
 * const row = [29.9, 12]; // monthly_fee, watch_hours_30d
 * derive(row, 1_706_659_200_000_000); // row[2] is fee_per_hour
 */
export function rowDeriver(definition: ModelDefinition): RowDeriver {
  const sources = sourceColumnsOf(definition).map(({ name }) => name);
  const derivations = derivationsOf(definition);
  const columns = [...sources, ...derivations.map(({ name }) => name)];
  const places = new Map(columns.map((name, at) => [name, at]));
  const steps = derivations.map(({ inputs, evaluate }, index) => ({
    from: inputs.map((input) => places.get(input) as number),
    to: sources.length + index,
    evaluate,
    // Filled anew for each row, so that a million rows make no million lists.
    inputs: new Array<Value>(inputs.length).fill(null),
  }));
  return {
    columns,
    sources: sources.length,
    derive(row, rowTimeMicros) {
      for (const { from, to, evaluate, inputs } of steps) {
        for (let at = 0; at < from.length; at += 1) inputs[at] = row[from[at] as number] ?? null;
        row[to] = evaluate(inputs, rowTimeMicros);
      }
    },
  };
}
