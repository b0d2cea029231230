// How a feature column is declared in a model file.
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
/** A column of one of the named values, or of any where none are named. */
export type CategorySpec = SpecOf<'category'>;
/** A boolean column; treated as a category of `true` and `false`. */
export type FlagSpec = SpecOf<'flag'>;
/** A column of instants, read by derived columns only; in a frame, microseconds since 1970 UTC. */
export type InstantSpec = SpecOf<'instant'>;

/** A column that is a feature, or can be. */
export type FeatureSpec = Exclude<ColumnSpec, InstantSpec>;

/** A real-valued feature. @example numeric({ min: 0 }) */
export const numeric = (options: OptionsOf<'numeric'> = {}): NumericSpec => ({ type: 'numeric', ...options });

/** A feature that counts something: whole numbers from 0. @example count({ critical: true }) */
export const count = (options: OptionsOf<'count'> = {}): CountSpec => ({ type: 'count', ...options });

/**
 * A feature of texts. With a set of values, others break its contract and are seen as new categories.
 *
 * @param values the values there are. @default any
 * @example category(['DSL', 'No'])
 */
export const category = (
  values?: readonly string[],
  options: OptionsOf<'category', 'values'> = {},
): CategorySpec => ({ type: 'category', ...(values && { values }), ...options });

/** A yes/no feature. @example flag() */
export const flag = (options: OptionsOf<'flag'> = {}): FlagSpec => ({ type: 'flag', ...options });

/** An instant that derived columns read, such as a sign-up date; no feature itself. @example instant() */
export const instant = (): InstantSpec => ({ type: 'instant', inputOnly: true });

/** Whether the column is a number to the learner and to drift; otherwise it is a category. */
export const isNumeric = (spec: Pick<ColumnSpec, 'type'>): boolean =>
  spec.type === 'numeric' || spec.type === 'count' || spec.type === 'instant';
