// The schema of `drift`: when a window counts as drifted.
import { z } from 'zod';

/**
 * Default share of drifted columns from which a window counts as drifted: the default of Tidegate itself (`own`) and
 * that of the preset (`evidently`).
 */
const DEFAULT_SHARE = { own: 0.3, evidently: 0.5 } as const;

/** Settings of the test of all columns together. */
const multivariateSchema = z.strictObject({
  /** How far above 0.5 the lower end of the AUC's interval must be. @default depends on the number of columns: 0.05 up to three, 0.13 for 23, at most 0.15 */
  threshold: z.number().gt(0).lt(0.5).optional(),
  /** Approximate number of rows taken from the window, and also from the reference; more rows take more time. */
  rows: z.int().min(200).max(50_000).default(4_000),
  /** Seed of the random numbers that choose rows and folds. */
  seed: z.int().default(1),
});

type Multivariate = z.output<typeof multivariateSchema> | false;

/** Weight of a column in the share of drifted columns: 1, or its share of the variation of the champion's scores. */
export type ShareWeights = 'equal' | 'usage';

/**
 * Schema of the drift policy. Defaults are filled in when a definition is applied, so that stored definitions do not
 * change. Definitions that were stored before `weights` and `multivariate` existed lack both. With such a definition,
 * columns are weighted by usage, and all columns together are not tested.
 */
export const driftSchema = z
  .strictObject({
    /**
     * Uses the tests, thresholds and verdict of Evidently 0.7 instead of Tidegate's own. `alpha`, `minRows` and the drift
     * options of columns then have no effect, except `critical`.
     */
    preset: z.literal('evidently').optional(),
    /** Share of drifted columns from which a window counts as drifted. @default 0.3; 0.5 with the preset */
    share: z.number().gt(0).max(1).optional(),
    /** Significance level, compared with the adjusted p-value. */
    alpha: z.number().gt(0).lt(1).default(0.05),
    /** Minimum number of values that a column needs in the window, and also in the reference. */
    minRows: z.int().min(2).default(30),
    /**
     * How columns are weighted in the share of drifted columns, unless a column states its own weight: all equally, or
     * by how much the champion uses them.
     *
     * @default equal
     */
    weights: z.enum(['equal', 'usage']).optional(),
    /** Whether to test if all columns together distinguish the window from the reference, and how. @default on; off with the preset */
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

/** Returns the default drift policy, which `tidegate drift` also uses. */
export const defaultDrift = (preset?: 'evidently') => driftSchema.parse(preset ? { preset } : {});
