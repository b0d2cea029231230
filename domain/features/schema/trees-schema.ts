// How a definition asks for gradient-boosted trees.
import { z } from 'zod';

/** Options of the trees; every one has a default. */
export const treesSchema = z.strictObject({
  /** Trees at most. */
  rounds: z.int().min(1).max(5_000).default(300),
  /** Leaves of a tree at most. */
  leaves: z.int().min(2).max(1_024).default(31),
  /** Depth of a tree at most; absent means as deep as its leaves allow. */
  depth: z.int().min(1).max(64).optional(),
  /** How much of each tree counts. */
  learningRate: z.number().gt(0).max(1).default(0.1),
  /** Fewest training rows of a leaf. */
  minRows: z.int().min(1).max(1_000_000).default(20),
  /** Rounds without a lower log loss on the validation clusters after which no more are boosted; `false` means never. */
  earlyStopping: z.union([z.int().min(1).max(1_000), z.literal(false)]).default(25),
});

/** Checked options. */
export type TreesPolicy = z.output<typeof treesSchema>;
