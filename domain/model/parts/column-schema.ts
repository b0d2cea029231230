// How a column of a view is declared: its type, its contract and how its drift is judged.
import { z } from 'zod';
import { categoryText, severity, share } from './schema-parts.ts';

/** The kinds of contract that a column may state. */
export const CONTRACT_KINDS = ['type', 'null-share', 'range', 'set', 'regex', 'unique'] as const;

const regularExpression = z.string().refine(isRegularExpression, 'must be a regular expression');

const columnDrift = z.strictObject({
  /** Weight in the share of drifted columns; by default what `drift.weights` of the definition says. */
  weight: z.number().min(0).optional(),
  /** Which distance says how much the column changed. */
  effect: z.enum(['wasserstein', 'psi', 'jensenshannon']).optional(),
  /** The distance from which a change is material. */
  threshold: z.number().gt(0).optional(),
});

// A distance in standard deviations needs numbers.
/** How the drift of a category is judged. */
export const categoryDrift = columnDrift
  .extend({
    /** Which distance says how much the column changed. */
    effect: z.enum(['psi', 'jensenshannon']).optional(),
  })
  .optional();

/** What any column may state. */
export const columnOptions = {
  /** A drifted critical column is reason enough to retrain. */
  critical: z.boolean().optional(),
  /** How the drift of the column is judged. */
  drift: columnDrift.optional(),
  /** Read for derived columns; not itself a feature. */
  inputOnly: z.boolean().optional(),
  /** Largest share of missing values. */
  nullShare: share.optional(),
  /** No value twice in a window. */
  unique: z.boolean().optional(),
  /** Least share of the present values that keep the contract. */
  mostly: z.number().gt(0).max(1).optional(),
  /** What a broken contract does: one word for all kinds, or one each. */
  severity: z.union([severity, z.partialRecord(z.enum(CONTRACT_KINDS), severity)]).optional(),
};

/** A column of a view. */
export const columnSchema = z.discriminatedUnion('type', [
  z.strictObject({
    /** Real numbers. */
    type: z.literal('numeric'),
    /** Smallest value, inclusive. */
    min: z.number().optional(),
    /** Largest value, inclusive. */
    max: z.number().optional(),
    ...columnOptions,
  }),
  z.strictObject({
    /** Whole numbers from 0. */
    type: z.literal('count'),
    /** Largest value, inclusive. */
    max: z.number().optional(),
    ...columnOptions,
  }),
  z.strictObject({
    /** Texts, each a category. */
    type: z.literal('category'),
    /** The values there are; absent means any. */
    values: z.array(categoryText).min(1).readonly().optional(),
    /** A regular expression that the whole value matches. */
    matches: regularExpression.optional(),
    ...columnOptions,
    /** How the drift of the column is judged. */
    drift: categoryDrift,
  }),
  z.strictObject({
    /** Yes or no. */
    type: z.literal('flag'),
    ...columnOptions,
    /** How the drift of the column is judged. */
    drift: categoryDrift,
  }),
  // An instant is never a feature itself: only derived columns read it.
  z.strictObject({
    /** An instant, for derived columns. */
    type: z.literal('instant'),
    /** An instant is never a feature itself. */
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
