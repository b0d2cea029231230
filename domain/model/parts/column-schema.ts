// The schema of a column of a view: its type, its contract and the settings of its drift.
import { z } from 'zod';
import { categoryText, severity, share } from './schema-parts.ts';

/** The kinds of contract that a column may state. */
export const CONTRACT_KINDS = ['type', 'null-share', 'range', 'set', 'regex', 'unique'] as const;

const regularExpression = z.string().refine(isRegularExpression, 'must be a regular expression');

const columnDrift = z.strictObject({
  /** Weight of the column in the share of drifted columns; by default set by `drift.weights`. */
  weight: z.number().min(0).optional(),
  /** Which distance measures how much the column changed. */
  effect: z.enum(['wasserstein', 'psi', 'jensenshannon']).optional(),
  /** The smallest distance that counts as a material change. */
  threshold: z.number().gt(0).optional(),
});

// `wasserstein` is not offered here, because it is a distance in standard deviations and needs numbers.
/** How drift of a category is detected. */
export const categoryDrift = columnDrift
  .extend({
    /** Which distance measures how much the column changed. */
    effect: z.enum(['psi', 'jensenshannon']).optional(),
  })
  .optional();

/** Options of every column that can be a feature. */
export const columnOptions = {
  /** If true, drift of this column is enough reason to retrain. */
  critical: z.boolean().optional(),
  /** How drift of the column is detected. */
  drift: columnDrift.optional(),
  /** Whether the column is only an input of derived columns and not itself a feature. */
  inputOnly: z.boolean().optional(),
  /** Contract: largest share of missing values. */
  nullShare: share.optional(),
  /** Contract: no value appears twice in a window. */
  unique: z.boolean().optional(),
  /** Smallest share of the present values that must satisfy the contract. */
  mostly: z.number().gt(0).max(1).optional(),
  /** What a broken contract does: one severity for all kinds of contract, or one for each. */
  severity: z.union([severity, z.partialRecord(z.enum(CONTRACT_KINDS), severity)]).optional(),
};

/** A column of a view. */
export const columnSchema = z.discriminatedUnion('type', [
  z.strictObject({
    /** Real numbers. */
    type: z.literal('numeric'),
    /** Contract: smallest value, inclusive. */
    min: z.number().optional(),
    /** Contract: largest value, inclusive. */
    max: z.number().optional(),
    ...columnOptions,
  }),
  z.strictObject({
    /** Whole numbers from 0. */
    type: z.literal('count'),
    /** Contract: largest value, inclusive. */
    max: z.number().optional(),
    ...columnOptions,
  }),
  z.strictObject({
    /** Texts, each a category. */
    type: z.literal('category'),
    /** Contract: the possible values; absent means that any value is possible. */
    values: z.array(categoryText).min(1).readonly().optional(),
    /** Contract: a regular expression that the whole value must match. */
    matches: regularExpression.optional(),
    ...columnOptions,
    /** How drift of the column is detected. */
    drift: categoryDrift,
  }),
  z.strictObject({
    /** Yes or no. */
    type: z.literal('flag'),
    ...columnOptions,
    /** How drift of the column is detected. */
    drift: categoryDrift,
  }),
  z.strictObject({
    /** An instant, which only derived columns read. */
    type: z.literal('instant'),
    /** Always true, because an instant is never a feature itself. */
    inputOnly: z.literal(true).default(true),
  }),
]);

function isRegularExpression(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
