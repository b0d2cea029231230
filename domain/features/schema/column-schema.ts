// How a column of a view is declared: its type, its contract and how its drift is judged.
import { z } from 'zod';
import { severity, share } from './words.ts';

/** The kinds of contract that a column may state. */
export const CONTRACT_KINDS = ['type', 'null-share', 'range', 'set', 'regex', 'unique'] as const;

const regularExpression = z.string().refine(isRegularExpression, 'must be a regular expression');

const columnDrift = z.strictObject({
  /** Weight in the share of drifted columns; by default how much the champion uses the feature. */
  weight: z.number().min(0).optional(),
  /** Which distance says how much the column changed. */
  effect: z.enum(['wasserstein', 'psi', 'jensenshannon']).optional(),
  /** The distance from which a change is material. */
  threshold: z.number().gt(0).optional(),
});

// A distance in standard deviations needs numbers.
/** How the drift of a category is judged. */
export const categoryDrift = columnDrift
  .extend({ effect: z.enum(['psi', 'jensenshannon']).optional() })
  .optional();

/** What any column may state. */
export const columnOptions = {
  /** A drifted critical column is reason enough to retrain. */
  critical: z.boolean().optional(),
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
    type: z.literal('numeric'),
    min: z.number().optional(),
    max: z.number().optional(),
    ...columnOptions,
  }),
  z.strictObject({ type: z.literal('count'), max: z.number().optional(), ...columnOptions }),
  z.strictObject({
    type: z.literal('category'),
    /** The values there are; absent means any. */
    values: z.array(z.string()).min(1).readonly().optional(),
    /** A regular expression that the whole value matches. */
    matches: regularExpression.optional(),
    ...columnOptions,
    drift: categoryDrift,
  }),
  z.strictObject({ type: z.literal('flag'), ...columnOptions, drift: categoryDrift }),
  // An instant is never a feature itself: only derived columns read it.
  z.strictObject({ type: z.literal('instant'), inputOnly: z.literal(true).default(true) }),
]);

function isRegularExpression(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
