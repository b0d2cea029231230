// Computes count, mean and standard deviation of numbers, also of numbers that arrive in chunks.

/**
 * Returns the standard deviation (ddof 0) of the values that are not NaN; 0 if there are none. It adds up distances
 * from one of the values instead of the values themselves, which would lose digits if the mean is as large as 1e15.
 */
export function standardDeviation(values: Float64Array): number {
  const near = values.find((value) => value === value);
  if (near === undefined) return 0;
  let size = 0;
  let sum = 0;
  for (const value of values) {
    if (value !== value) continue;
    size++;
    sum += value - near;
  }
  const mean = sum / size;
  let squares = 0;
  for (const value of values) if (value === value) squares += (value - near - mean) ** 2;
  return Math.sqrt(squares / size);
}

/** Count, mean and standard deviation of the finite values of a column. */
export interface Moments {
  /** Number of finite values. */
  readonly finite: number;
  /** Mean of the finite values; 0 if there are none. */
  readonly mean: number;
  /** Standard deviation (ddof 0) of the finite values; 0 if there are none. */
  readonly sd: number;
}

/** The moments of an empty column. */
export const NO_MOMENTS: Moments = { finite: 0, mean: 0, sd: 0 };

/** Bounds of the exponent within which 2 to that power and to its negative are both normal numbers. */
const [MIN_EXPONENT, MAX_EXPONENT] = [-1_000, 1_000];

/**
 * Computes the moments of the finite values; NaN and infinities are skipped. Values are divided by a power of two near
 * the largest of them, so that the squares of ±1e308 do not overflow and those of 1e-300 do not underflow. Makes two
 * passes, the second with the correction of Chan, Golub and LeVeque 1983.
 *
 * @example momentsOf(Float64Array.of(1, 2, NaN)); // { finite: 2, mean: 1.5, sd: 0.5 }
 */
export function momentsOf(values: Float64Array): Moments {
  let finite = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const value of values) {
    if (value - value !== 0) continue;
    finite++;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  if (finite === 0) return NO_MOMENTS;
  if (minimum === maximum) return { finite, mean: minimum + 0, sd: 0 };
  const order = Math.round(Math.log2(Math.max(-minimum, maximum)));
  const exponent = Math.min(MAX_EXPONENT, Math.max(MIN_EXPONENT, order));
  const [scale, perUnit] = [2 ** exponent, 2 ** -exponent];
  let sum = 0;
  for (const value of values) if (value - value === 0) sum += value * perUnit;
  const mean = sum / finite;
  let squares = 0;
  let left = 0;
  for (const value of values) {
    if (value - value !== 0) continue;
    const distance = value * perUnit - mean;
    left += distance;
    squares += distance * distance;
  }
  const variance = Math.max(0, squares - (left * left) / finite) / finite;
  return {
    finite,
    mean: between((mean + left / finite) * scale, minimum, maximum),
    sd: Math.min(Number.MAX_VALUE, Math.sqrt(variance) * scale),
  };
}

/**
 * Returns the moments of two parts of a column taken together, with an error of about 1e-15 of the larger of mean and
 * standard deviation, for any parts in any order. Neither mean nor standard deviation overflows.
 *
 * Source: Chan, Golub & LeVeque 1983, applied to standard deviations instead of sums of squares.
 */
export function addMoments(a: Moments, b: Moments): Moments {
  if (a.finite === 0) return b;
  if (b.finite === 0) return a;
  const finite = a.finite + b.finite;
  const [of, others] = [a.finite / finite, b.finite / finite];
  // The distance between ±1e308 overflows; that between their halves does not.
  const half = Number.isFinite(b.mean - a.mean) ? 1 : 0.5;
  const distance = b.mean * half - a.mean * half;
  const mean = half === 1 ? a.mean + distance * others : a.mean * of + b.mean * others;
  const greatest = Math.max(a.sd * half, b.sd * half, Math.abs(distance));
  const share = (value: number): number => (value / greatest) ** 2;
  const variance = of * share(a.sd * half) + others * share(b.sd * half) + of * others * share(distance);
  return {
    finite,
    mean: between(mean, Math.min(a.mean, b.mean), Math.max(a.mean, b.mean)),
    sd: greatest === 0 ? 0 : Math.min(Number.MAX_VALUE, (Math.sqrt(variance) * greatest) / half),
  };
}

/** Limits a value to a range that it may have left by rounding. */
const between = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
