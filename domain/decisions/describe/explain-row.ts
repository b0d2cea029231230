// Explains the origin of each value in a point-in-time row.
import { type ColumnSpec } from '../../model/parts/column.ts';
import { type ModelDefinition, sourceColumnsOf } from '../../model/definition.ts';
import { derivationsOf } from '../../model/derivation.ts';
import { type Value } from '../../model/derived/operator.ts';
import { formulaOf } from '../../model/derived/operators.ts';

/** One value of a row with its origin. */
export interface ExplainedValue {
  readonly name: string;
  readonly type: ColumnSpec['type'];
  readonly value: Value;
  /** Whether versions are trained on it; otherwise only derived columns use it. */
  readonly isFeature: boolean;
  /** The table that it was read from; null for a derived column. */
  readonly table: string | null;
  /** The formula of a derived column; null for a column that was read. */
  readonly formula: string | null;
  /**
   * The timestamp of the row that it was read from, in microseconds since 1970 UTC; for a derived column the oldest
   * timestamp of its inputs. Null if no row was found.
   */
  readonly timestamp: number | null;
}

/** Explains the values of one row: the columns of the views, then the derived ones. */
export function explainRow(
  definition: ModelDefinition,
  values: ReadonlyMap<string, Value>,
  viewTimes: readonly (number | null)[],
): ExplainedValue[] {
  const timestamps = new Map<string, number | null>();
  const explained = sourceColumnsOf(definition).map(({ name, spec, view }): ExplainedValue => {
    const timestamp = viewTimes[view] ?? null;
    timestamps.set(name, timestamp);
    const table = definition.features[view]?.table ?? null;
    return { ...whatIsKnown(name, spec, values), table, formula: null, timestamp };
  });
  const derived = derivationsOf(definition).map(({ name, spec, feature, inputs }): ExplainedValue => {
    const found = inputs.flatMap((input) => timestamps.get(input) ?? []);
    const timestamp = found.length > 0 ? Math.min(...found) : null;
    timestamps.set(name, timestamp);
    return { ...whatIsKnown(name, feature, values), table: null, formula: formulaOf(spec), timestamp };
  });
  return [...explained, ...derived];
}

const whatIsKnown = (
  name: string,
  spec: ColumnSpec,
  values: ReadonlyMap<string, Value>,
): Pick<ExplainedValue, 'name' | 'type' | 'value' | 'isFeature'> => ({
  name,
  type: spec.type,
  value: values.get(name) ?? null,
  isFeature: !spec.inputOnly,
});
