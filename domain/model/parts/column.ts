// Functions with which a model file declares the columns of a view, and the types of those declarations.
import { type z } from 'zod';
import { type columnSchema } from './column-schema.ts';

/** A column as a model file declares it, and as it is stored. */
export type ColumnSpec = z.output<typeof columnSchema>;

type SpecOf<T extends ColumnSpec['type']> = Extract<ColumnSpec, { type: T }>;
type OptionsOf<T extends ColumnSpec['type'], Besides extends string = never> = Omit<
  SpecOf<T>,
  'type' | Besides
>;

/** A column of real numbers; `min` and `max` are inclusive bounds of the input contract. */
export type NumericSpec = SpecOf<'numeric'>;
/** A column of whole numbers from 0. */
export type CountSpec = SpecOf<'count'>;
/** A column of categories: one of the listed values, or any text if no values are listed. */
export type CategorySpec = SpecOf<'category'>;
/** A boolean column; treated as a category of `true` and `false`. */
export type FlagSpec = SpecOf<'flag'>;
/** A column of instants, which only derived columns read; in a frame, microseconds since 1970 UTC. */
export type InstantSpec = SpecOf<'instant'>;

/** A column that can be a feature. */
export type FeatureSpec = Exclude<ColumnSpec, InstantSpec>;

/** Declares a feature of real numbers. @example numeric({ min: 0 }) */
export const numeric = (options: OptionsOf<'numeric'> = {}): NumericSpec => ({ type: 'numeric', ...options });

/** Declares a feature that counts something: whole numbers from 0. @example count({ critical: true }) */
export const count = (options: OptionsOf<'count'> = {}): CountSpec => ({ type: 'count', ...options });

/**
 * Declares a feature of categories. If values are listed, any other value breaks the contract and counts as a new
 * category.
 *
 * @param values the possible values. @default any
 * @example category(['DSL', 'No'])
 */
export const category = (
  values?: readonly string[],
  options: OptionsOf<'category', 'values'> = {},
): CategorySpec => ({ type: 'category', ...(values && { values }), ...options });

/** Declares a yes/no feature. @example flag() */
export const flag = (options: OptionsOf<'flag'> = {}): FlagSpec => ({ type: 'flag', ...options });

/** Declares an instant that derived columns read, such as a sign-up date. It is not itself a feature. @example instant() */
export const instant = (): InstantSpec => ({ type: 'instant', inputOnly: true });

/** Whether training and drift treat the column as a number; otherwise they treat it as a category. */
export const isNumeric = (spec: Pick<ColumnSpec, 'type'>): boolean =>
  spec.type === 'numeric' || spec.type === 'count' || spec.type === 'instant';
