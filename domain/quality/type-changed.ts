// A column that was of numbers and is now of texts, or the other way round.
import { type ColumnCheck } from './column-check.ts';

/** The column's kind differs from the reference's. Nothing else can then be compared. */
export const typeChanged: ColumnCheck = ({ name, table, kind }, reference) =>
  kind === reference.kind
    ? undefined
    : {
        name: 'type-changed',
        column: name,
        table,
        severity: 'warn',
        evidence: { was: reference.kind, is: kind },
        violation: 'data_type_check',
        words: `was ${named(reference.kind)} and is ${named(kind)}`,
        advice:
          'Look for a change of the column or of its declaration; the champion cannot read it as it is.',
      };

const named = (kind: 'numeric' | 'category'): string => (kind === 'numeric' ? 'a number' : 'a category');
