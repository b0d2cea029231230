// Puts a row together from what is stored of an entity and what a request sends beside it.
import { categoryOf } from '../../domain/model/parts/category.ts';
import { type ColumnSpec, isNumeric } from '../../domain/model/parts/column.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';
import { type RowShape } from '../serving/row-shape.ts';

/** Where the values of one row come from. */
export interface RowParts {
  /** The source columns of the online row; absent where no entity is named. */
  readonly stored?: Readonly<Record<string, unknown>>;
  /** Source columns that the request sends; null among them is missing. */
  readonly sent: ReadonlyMap<string, Value>;
  /** Microseconds since 1970 UTC: for a stored row its own as-of, whatever is sent with it. */
  readonly rowTimeMicros: number;
}

/**
 * The features of a row: what is sent comes before what is stored, and derived columns are computed from both together,
 * never read.
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
 * A number that JSON cannot hold was stored as a text, and counts as missing. Rows that were written before texts were
 * cut hold them whole.
 */
function storedValue(spec: ColumnSpec, value: unknown): Value {
  if (isNumeric(spec)) return typeof value === 'number' ? value : null;
  return typeof value === 'string' ? categoryOf(value) : null;
}
