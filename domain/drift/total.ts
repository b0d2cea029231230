// The sum of counts.

/** All rows of the bins or categories together; 0 for none. @example total(Float64Array.of(2, 3)) // 5 */
export const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);
