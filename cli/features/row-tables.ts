// Point-in-time rows as text and as JSON.
import { type ExplainedValue } from '../../domain/decisions/describe/explain-row.ts';
import { day } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import { type Cell } from '../output/table.ts';
import { featureValue, instantText } from './feature-value.ts';

/** The row of one entity. */
export interface ShownRow {
  /** Key columns by name. */
  readonly key: Readonly<Record<string, string>>;
  /** Columns of the views and derived ones, inputs that are no feature among them. */
  readonly values: readonly ExplainedValue[];
}

/** How rows are shown. */
export interface RowOptions {
  readonly asOf: Date;
  readonly explain: boolean;
}

const DAY_MICROS = 86_400_000_000;

/** Prints rows: one table of all, or where it is explained or stands alone, a table of its own for each. */
export function printRows(output: Output, rows: readonly ShownRow[], { asOf, explain }: RowOptions): void {
  if (explain || rows.length === 1) {
    for (const row of rows) printRow(output, row, { asOf, explain });
    return;
  }
  output.heading(`as of ${day(asOf)}`);
  const [first] = rows;
  const features = featuresIn(first).map(({ name }) => name);
  output.table({
    head: [...Object.keys(first?.key ?? {}), ...features],
    rows: rows.map((row) => [...Object.values(row.key), ...featuresIn(row).map(cell)]),
  });
}

function printRow(output: Output, row: ShownRow, { asOf, explain }: RowOptions): void {
  const key = Object.entries(row.key).map(([name, value]) => `${name} ${value}`);
  output.heading(`${key.join(', ')} as of ${day(asOf)}`);
  if (!explain) {
    output.table({
      head: ['feature', 'value'],
      rows: featuresIn(row).map((each) => [each.name, cell(each)]),
    });
    return;
  }
  output.table({
    head: ['column', 'value', 'from', 'timestamp', 'days old'],
    rows: row.values.map((each) => [
      each.isFeature ? each.name : `${each.name} (input only)`,
      cell(each),
      each.table ?? each.formula,
      each.timestamp === null ? null : instantText(each.timestamp),
      each.timestamp === null
        ? null
        : Number(((asOf.getTime() * 1_000 - each.timestamp) / DAY_MICROS).toFixed(2)),
    ]),
  });
}

/** A row as `--json` prints it; where it is explained, with every column's origin. */
export function jsonRow(row: ShownRow, explain: boolean): object {
  const features = Object.fromEntries(
    featuresIn(row).map(({ name, type, value }) => [name, featureValue(type, value)]),
  );
  if (!explain) return { key: row.key, features };
  const explained = row.values.map(({ value, type, timestamp, ...origin }) => ({
    ...origin,
    type,
    value: featureValue(type, value),
    timestamp: timestamp === null ? null : instantText(timestamp),
  }));
  return { key: row.key, features, explained };
}

const featuresIn = (row: ShownRow | undefined): ExplainedValue[] =>
  (row?.values ?? []).filter(({ isFeature }) => isFeature);

function cell({ type, value }: ExplainedValue): Cell {
  const shown = featureValue(type, value);
  return typeof shown === 'boolean' ? String(shown) : shown;
}
