// A column without a single value.
import { total } from '../drift/total.ts';
import { type ColumnReference } from '../drift/feature-reference.ts';
import { grouped, percent } from '../numbers-in-words.ts';
import { type ColumnCheck } from './column-check.ts';
import { FALSE_ALARM } from './finding.ts';
import { type ColumnFacts } from './window-facts.ts';

/**
 * Every value is missing. A warning where the reference's share of missing values, plus one row, would leave so many
 * rows without a value by chance less than once in 100,000 windows; information where the reference has none either.
 */
export const allMissing: ColumnCheck = (column, reference) => {
  const { name, table } = column;
  const { rows, missing } = missingOf(column);
  if (rows === 0 || missing < rows) return undefined;
  const before = referenceMissing(reference);
  const share = before.rows === 0 ? 0 : before.missing / before.rows;
  const always = before.missing === before.rows;
  const likely = ((before.missing + 1) / (before.rows + 1)) ** rows;
  if (!always && likely > FALSE_ALARM) return undefined;
  return {
    name: 'all-missing',
    column: name,
    table,
    severity: always ? 'info' : 'warn',
    evidence: { rows, missing, referenceShare: share },
    violation: 'completeness_check',
    words: always
      ? `all ${grouped(rows)} values are missing, as they were in the reference`
      : `all ${grouped(rows)} values are missing; in the reference ${percent(share)} were`,
    advice: always
      ? 'A column that never has a value tells the model nothing: take it out of the definition.'
      : 'Look whether its table is still loaded, its column still filled, and its keys still match the entity.',
  };
};

/** Rows and missing values of a column of the window. */
export const missingOf = (column: ColumnFacts): { rows: number; missing: number } => {
  const { rows, missing } = column.kind === 'numeric' ? column.sketch : column.counts;
  return { rows, missing };
};

function referenceMissing(reference: ColumnReference): { rows: number; missing: number } {
  if (reference.kind === 'numeric') {
    const { counts, missing } = reference.profile;
    return { rows: total(counts) + missing, missing };
  }
  const { counts, other, missing } = reference;
  return { rows: total(counts) + other + missing, missing };
}
