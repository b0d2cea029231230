// The logarithm of the gamma function, the root of every other distribution here.

const LANCZOS_G = 7;
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const HALF_LOG_2PI = 0.9189385332046727;

// Above this the first terms of Stirling's series are exact to the last bit, and cheaper.
const STIRLING_FROM = 20;

/**
 * ln Γ(x) for x > 0, to about 1e-15 of its size.
 *
 * Source: Lanczos 1964 (g = 7, nine terms); Stirling's series from x = 20.
 *
 * @example logGamma(5); // ln 24
 */
export function logGamma(x: number): number {
  if (x >= STIRLING_FROM) {
    const inverse = 1 / x;
    const square = inverse * inverse;
    const correction =
      inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
    return (x - 0.5) * Math.log(x) - x + HALF_LOG_2PI + correction;
  }
  let sum = LANCZOS[0] ?? 0;
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] ?? 0) / (x + i - 1);
  const t = x + LANCZOS_G - 0.5;
  return HALF_LOG_2PI + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * ln C(n, k) for whole 0 ≤ k ≤ n.
 *
 * @example logBinomial(4, 2); // ln 6
 */
export const logBinomial = (n: number, k: number): number =>
  logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
