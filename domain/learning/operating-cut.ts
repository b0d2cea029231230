// Where a version decides: the score from which on it says yes.

/** The cut of a version without a threshold of its own. */
export const DEFAULT_CUT = 0.5;
