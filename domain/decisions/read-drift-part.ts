// Reads the drift part of a stored report, whichever release wrote it.
import { type DriftPart } from './report.ts';
import { type ColumnVerdict, describeColumn } from '../drift/verdict.ts';
import { type BothSides } from '../drift/column-measurement.ts';

/** A column as the first reports stored it, with the means of clipped values under the name `mean`. */
type FirstColumn = Omit<ColumnVerdict, 'mean'> & { readonly mean: BothSides | null };

const NOT_KEPT = 'the report was written by an earlier version, which stored only the clipped means';

/**
 * Returns the part in today's form. The first reports stored the means of clipped values as `mean`: these are renamed to
 * `clippedMean`, also in the sentences, and the plain means are not known.
 *
 * @example readDriftPart(row.drift)
 */
export function readDriftPart(stored: DriftPart | null): DriftPart | null {
  if (!stored?.measured) return stored;
  const { verdict } = stored;
  if (!verdict.columns.some(isFirst)) return stored;
  const columns = verdict.columns.map((column) =>
    isFirst(column) ? renamed(column, verdict.alpha) : column,
  );
  return { ...stored, verdict: { ...verdict, columns } };
}

const isFirst = (column: FirstColumn): boolean => column.mean !== null && column.clippedMean === undefined;

function renamed(column: FirstColumn, alpha: number): ColumnVerdict {
  const facts = {
    ...column,
    mean: { reference: null, window: null, note: NOT_KEPT },
    clippedMean: column.mean,
  };
  return { ...facts, words: describeColumn(column.status, column.reason, column.signals, facts, alpha) };
}
