// How a definition says when a window counts as drifted.
import { z } from 'zod';

/** Share of drifted columns at which a window counts as drifted: Tidegate's, and that of the preset. */
const DEFAULT_SHARE = { own: 0.3, evidently: 0.5 } as const;

/** How all columns together are looked at. */
const multivariateSchema = z.strictObject({
  /** How far above 0.5 the lower end of the AUC must lie. @default by the number of columns: 0.05 up to three, 0.13 for 23, at most 0.15 */
  threshold: z.number().gt(0).lt(0.5).optional(),
  /** Rows looked at on each side, about; time grows with them. */
  rows: z.int().min(200).max(50_000).default(4_000),
  /** Seed of the random numbers that pick rows and folds. */
  seed: z.int().default(1),
});

type Multivariate = z.output<typeof multivariateSchema> | false;

/** What a column weighs in the share: 1, or its part in what moves the champion's scores. */
export type ShareWeights = 'equal' | 'usage';

/**
 * The drift policy of a definition. Every default is filled in when a definition is applied, so that a stored one keeps
 * what it had: `weights` and `multivariate` are absent in those from before they were, which weigh by usage and do not
 * look at all columns together.
 */
export const driftSchema = z
  .strictObject({
    /**
     * Evidently 0.7's choice of tests, thresholds and verdict in place of Tidegate's own; `alpha`, `minRows` and what the
     * columns say of their drift then have no effect but for `critical`.
     */
    preset: z.literal('evidently').optional(),
    /** Share of drifted columns at which a window counts as drifted. @default 0.3; 0.5 with the preset */
    share: z.number().gt(0).max(1).optional(),
    /** Bound of the adjusted p-value. */
    alpha: z.number().gt(0).lt(1).default(0.05),
    /** Values needed on each side. */
    minRows: z.int().min(2).default(30),
    /** What a column weighs in the share unless its declaration says. @default equal */
    weights: z.enum(['equal', 'usage']).optional(),
    /** Whether all columns together tell the window from the reference. @default asked; not asked with the preset */
    multivariate: z.union([z.literal(false), multivariateSchema]).optional(),
  })
  .transform(({ share, weights, multivariate, ...policy }) => ({
    ...policy,
    share: share ?? DEFAULT_SHARE[policy.preset ?? 'own'],
    weights: (weights ?? 'equal') as ShareWeights | undefined,
    multivariate: (multivariate ?? (policy.preset ? false : multivariateSchema.parse({}))) as
      Multivariate | undefined,
  }))
  .prefault({});

/** The policy of a definition that says nothing of drift; `tidegate drift` compares by the same. */
export const defaultDrift = (preset?: 'evidently') => driftSchema.parse(preset ? { preset } : {});
