// The list of all operators of derived columns, and the schema of a derived column.
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

/** The operators by the name that is used in stored definitions. Add a new operator here and to the schema below. */
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

/** Schema of a derived column: an operator with its inputs, its parameters and the options of a column. */
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

/** Schema of derived columns by name. */
export const derivedSchema = z.record(column, derivedColumnSchema);

/** A derived column as a model file declares it, and as it is stored. */
export type DerivedSpec = z.output<typeof derivedColumnSchema>;

/** The name of an operator in a definition. */
export type OperatorName = DerivedSpec['operator'];

/** The names of all operators, in the order in which they are documented. */
export const OPERATOR_NAMES = Object.keys(operators) as OperatorName[];

/** Returns the operator of a declaration. */
export const operatorOf = (spec: DerivedSpec): Operator<typeof derivedColumnSchema> =>
  // Safe because an operator is only used with declarations that its own schema has checked.
  operators[spec.operator] as unknown as Operator<typeof derivedColumnSchema>;

/** Returns the formula of a declaration for people to read. @example formulaOf(ratio('fee', 'hours')) // 'fee / hours' */
export const formulaOf = (spec: DerivedSpec): string => operatorOf(spec).formula(spec);
