// Every operator of derived columns.
import { z } from 'zod';
import { column } from '../parts/schema-parts.ts';
import {
  absoluteOperator,
  clipOperator,
  differenceOperator,
  log1pOperator,
  productOperator,
  ratioOperator,
  sumOperator,
} from './arithmetic.ts';
import {
  bucketOperator,
  coalesceOperator,
  crossOperator,
  equalsOperator,
  isMissingOperator,
} from './conditions.ts';
import { calendarOperator, daysBetweenOperator, daysSinceOperator } from './instants.ts';
import { type Operator } from './operator.ts';

/** By the word that stands in a stored definition. A new operator is added here by hand. */
const operators = {
  ratio: ratioOperator,
  difference: differenceOperator,
  sum: sumOperator,
  product: productOperator,
  log1p: log1pOperator,
  absolute: absoluteOperator,
  clip: clipOperator,
  bucket: bucketOperator,
  coalesce: coalesceOperator,
  is_missing: isMissingOperator,
  equals: equalsOperator,
  cross: crossOperator,
  days_since: daysSinceOperator,
  days_between: daysBetweenOperator,
  calendar: calendarOperator,
};

/** A derived column: an operator with its inputs, parameters and the options of a column. */
export const derivedColumnSchema = z.discriminatedUnion('operator', [
  ratioOperator.schema,
  differenceOperator.schema,
  sumOperator.schema,
  productOperator.schema,
  log1pOperator.schema,
  absoluteOperator.schema,
  clipOperator.schema,
  bucketOperator.schema,
  coalesceOperator.schema,
  isMissingOperator.schema,
  equalsOperator.schema,
  crossOperator.schema,
  daysSinceOperator.schema,
  daysBetweenOperator.schema,
  calendarOperator.schema,
]);

/** Derived columns by name. */
export const derivedSchema = z.record(column, derivedColumnSchema);

/** A derived column as a model file declares it, and as it is stored. */
export type DerivedSpec = z.output<typeof derivedColumnSchema>;

/** The word of an operator. */
export type OperatorName = DerivedSpec['operator'];

/** The words of all operators, in the order in which they are documented. */
export const OPERATOR_NAMES = Object.keys(operators) as OperatorName[];

/** The operator of a declaration. */
export const operatorOf = (spec: DerivedSpec): Operator<typeof derivedColumnSchema> =>
  // Each operator is asked only of declarations that its own schema has checked.
  operators[spec.operator] as unknown as Operator<typeof derivedColumnSchema>;

/** The formula of a declaration as people read it. @example formulaOf(ratio('fee', 'hours')) // 'fee / hours' */
export const formulaOf = (spec: DerivedSpec): string => operatorOf(spec).formula(spec);
