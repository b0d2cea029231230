// A check of one column against the champion's reference.
import { type ColumnReference } from '../drift/feature-reference.ts';
import { type Finding } from './finding.ts';
import { type ColumnFacts } from './window-facts.ts';

/** Looks at a column; nothing where it finds nothing. */
export type ColumnCheck = (column: ColumnFacts, reference: ColumnReference) => Finding | undefined;
