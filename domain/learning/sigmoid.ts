// The logistic function.

/** 1 / (1 + exp(−x)), in [0, 1]; 0 and 1 beyond about ±745 and ±37. @example sigmoid(0) // 0.5 */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
