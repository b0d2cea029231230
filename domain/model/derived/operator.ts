// The interface of an operator of derived columns: the inputs it accepts, its result type, and how it is computed.
import { z } from 'zod';
import { type FeatureSpec } from '../parts/column.ts';
import { categoryDrift, columnOptions } from '../parts/column-schema.ts';
import { column } from '../parts/schema-parts.ts';

/** Kind of an input: numbers, texts (categories and flags), or instants. */
export type InputKind = 'number' | 'text' | 'instant';

/**
 * A value of a column; null means that it is missing. Instants are microseconds since 1970 UTC, flags the texts `true`
 * and `false`.
 */
export type Value = number | string | null;

/** Computes a value from the values of the inputs, in their order, and the row time in microseconds since 1970 UTC. */
export type Evaluate = (inputs: readonly Value[], rowTimeMicros: number) => Value;

/** What every derived column states: its operator and the columns that it reads. */
export interface OperatorSpec {
  readonly operator: string;
  readonly inputs: readonly string[];
}

/** The type of a derived column as a feature, with its possible values if they are known. */
export type ResultType = Pick<FeatureSpec, 'type'> & { readonly values?: readonly string[] };

/** Something wrong with a declaration; `at` is a path inside the declaration. */
export interface SpecProblem {
  readonly at: string;
  readonly problem: string;
}

/**
 * An operator of derived columns. derivation.ts handles what all operators share: a number that is not finite counts as
 * missing, a result that is not finite becomes null, a negative zero becomes 0, and a text is truncated like every
 * category.
 */
export interface Operator<Schema extends z.ZodType<OperatorSpec> = z.ZodType<OperatorSpec>> {
  /** Checks a declaration. */
  readonly schema: Schema;
  /** The kinds of input that it accepts. */
  readonly accepts: readonly InputKind[];
  /**
   * What happens if an input is missing. `propagates`: the result is null, and the evaluator is not called.
   * `is handled`: the evaluator receives null and decides.
   */
  readonly missing: 'propagates' | 'is handled';
  /** Returns the type of the result, which may depend on the kinds of the inputs. */
  readonly resultType: (spec: z.output<Schema>, kinds: readonly InputKind[]) => ResultType;
  /** Returns what is wrong with a declaration beyond what `schema` and `accepts` check. */
  readonly problems?: (spec: z.output<Schema>, kinds: readonly InputKind[]) => readonly SpecProblem[];
  /** Returns the formula of a declaration for people to read. @example 'monthly_fee / watch_hours_30d' */
  readonly formula: (spec: z.output<Schema>) => string;
  /** Prepares the computation of a declared column. */
  readonly evaluator: (spec: z.output<Schema>) => Evaluate;
}

/** Returns the operator unchanged; infers the types of its functions from its schema. */
export const operator = <Schema extends z.ZodType<OperatorSpec>>(given: Operator<Schema>): Operator<Schema> =>
  given;

/** Options of a derived column whose result is a number. */
export const numericOptions = {
  ...columnOptions,
  /** Inclusive bounds of the contract. */
  min: z.number().optional(),
  max: z.number().optional(),
};

/** Options of a derived column whose result is a category or a flag. */
export const categoryOptions = { ...columnOptions, drift: categoryDrift };

/** The name of one input column. */
export const one = z.tuple([column]).readonly();

/** The names of exactly two input columns. */
export const two = z.tuple([column, column]).readonly();

/** The names of two or more input columns. */
export const many = z.array(column).min(2).readonly();

/** The options of a declaration: its fields without the operator, its inputs and its own parameters. */
export type OptionsIn<Schema extends z.ZodType, Own extends PropertyKey = never> = Omit<
  z.output<Schema>,
  'operator' | 'inputs' | Own
>;
