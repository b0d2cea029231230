// A check of one column against the champion's reference.
import { type ColumnReference } from '../drift/feature-reference.ts';
import { type Finding } from './finding.ts';
import { type ColumnFacts } from './window-facts.ts';

/** Looks at a column; nothing where it finds nothing. */
export type ColumnCheck = (column: ColumnFacts, reference: ColumnReference) => Finding | undefined;

/** A number as findings show it: four digits. @example shown(0.123456) // '0.1235' */
export const shown = (value: number): string => String(Number(value.toPrecision(4)));
