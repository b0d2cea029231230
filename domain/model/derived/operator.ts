// What an operator of derived columns is: what it takes, what it gives, and how it is computed.
import { z } from 'zod';
import { type FeatureSpec } from '../parts/column.ts';
import { categoryDrift, columnOptions } from '../parts/column-schema.ts';
import { column } from '../parts/schema-parts.ts';

/** What a column is to an operator: numbers, texts (categories and flags), or instants. */
export type InputKind = 'number' | 'text' | 'instant';

/** A value of a column; null is missing. Instants are microseconds since 1970 UTC, flags the texts `true` and `false`. */
export type Value = number | string | null;

/** Computes one value from those of the inputs, in their order, at a row time in microseconds since 1970 UTC. */
export type Evaluate = (inputs: readonly Value[], rowTimeMicros: number) => Value;

/** What every derived column states: its operator and the columns that it reads. */
export interface OperatorSpec {
  readonly operator: string;
  readonly inputs: readonly string[];
}

/** The type of a derived column as a feature, with the values there are where those are known. */
export type ResultType = Pick<FeatureSpec, 'type'> & { readonly values?: readonly string[] };

/** Something wrong with a declaration; `at` is a path below it. */
export interface SpecProblem {
  readonly at: string;
  readonly problem: string;
}

/**
 * An operator. What holds for all is done once, in derivation.ts: a number that is not finite counts as missing, a
 * result that is not finite is null, a negative zero is 0, and a text is cut as every category is.
 */
export interface Operator<Schema extends z.ZodType<OperatorSpec> = z.ZodType<OperatorSpec>> {
  /** Checks a declaration. */
  readonly schema: Schema;
  /** The kinds that an input may be of. */
  readonly takes: readonly InputKind[];
  /** `spreads`: one missing input makes the result null, and `evaluator` never sees a null. */
  readonly missing: 'spreads' | 'is seen';
  /** What a declaration gives, by the kinds of its inputs. */
  readonly gives: (spec: z.output<Schema>, kinds: readonly InputKind[]) => ResultType;
  /** What is wrong beyond the schema and `takes`. */
  readonly problems?: (spec: z.output<Schema>, kinds: readonly InputKind[]) => readonly SpecProblem[];
  /** The declaration as people read it. @example 'monthly_fee / watch_hours_30d' */
  readonly formula: (spec: z.output<Schema>) => string;
  readonly evaluator: (spec: z.output<Schema>) => Evaluate;
}

/** Gives an operator the types of its schema. */
export const operator = <Schema extends z.ZodType<OperatorSpec>>(given: Operator<Schema>): Operator<Schema> =>
  given;

/** Options of a derived column of numbers. */
export const numericOptions = {
  ...columnOptions,
  /** Inclusive bounds of the contract. */
  min: z.number().optional(),
  max: z.number().optional(),
};

/** Options of a derived column of texts. */
export const categoryOptions = { ...columnOptions, drift: categoryDrift };

/** The names of one, two, or at least two columns that are read. */
export const one = z.tuple([column]).readonly();

export const two = z.tuple([column, column]).readonly();

export const many = z.array(column).min(2).readonly();

/** The options in a declaration: all that is neither the operator, its inputs nor its own parameters. */
export type OptionsIn<Schema extends z.ZodType, Own extends PropertyKey = never> = Omit<
  z.output<Schema>,
  'operator' | 'inputs' | Own
>;
