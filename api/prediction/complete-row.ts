// Combines the stored values of an entity with the values of a request into one row.
import { categoryOf } from '../../domain/model/parts/category.ts';
import { type ColumnSpec, isNumeric } from '../../domain/model/parts/column.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';
import { type RowShape } from '../serving/row-shape.ts';

/** The values of one row, by where they come from. */
export interface RowParts {
  /** Source columns of the online row; absent if the request names no entity. */
  readonly stored?: Readonly<Record<string, unknown>>;
  /** Source columns from the request; null means missing. */
  readonly sent: ReadonlyMap<string, Value>;
  /** Microseconds since 1970 UTC; for an online row always its own as-of. */
  readonly rowTimeMicros: number;
}

/**
 * Returns the features of a row. Sent values replace stored ones, and derived columns are computed from both together.
 *
 * @example completeRow(shape, { stored: row.features, sent: new Map([['monthly_fee', 12.5]]), rowTimeMicros })
 */
export function completeRow(shape: RowShape, { stored, sent, rowTimeMicros }: RowParts): FeatureRecord {
  const sources = shape.sources.map(({ name, spec }) => {
    const value = sent.get(name);
    return value === undefined ? storedValue(spec, stored?.[name]) : value;
  });
  return shape.record(sources, rowTimeMicros);
}

/**
 * Reads a value of an online row. Numbers that JSON cannot represent were stored as texts and count as missing. Categories
 * are shortened, because rows of earlier releases contain them in full.
 */
export function storedValue(spec: ColumnSpec, value: unknown): Value {
  if (isNumeric(spec)) return typeof value === 'number' && Number.isFinite(value) ? value : null;
  return typeof value === 'string' ? categoryOf(value) : null;
}
