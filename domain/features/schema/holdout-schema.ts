// How the holdout is declared: which share of the clusters, and what makes a cluster.
import { z } from 'zod';
import { column } from './words.ts';

/** The holdout of a definition. */
export const holdoutSchema = z.strictObject({
  /** Share of the clusters that is held out. */
  share: z.number().gt(0).max(0.5).default(0.2),
  /** Entity keys that make a cluster; by default all, so each entity is one. */
  cluster: z.array(column).min(1).optional(),
});
