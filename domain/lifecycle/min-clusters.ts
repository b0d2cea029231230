// How many clusters a comparison must have to decide anything.

/** Fewest holdout clusters with each label for a comparison to say anything. */
export const MIN_CLUSTERS = 50;
