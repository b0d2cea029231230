// The one-sided Kolmogorov-Smirnov distribution.

// Above this n the expansion is as exact as the sum, which would take longer than a millisecond per 20 000.
const SUM_UP_TO = 200_000;

/**
 * P(Dn⁺ ≥ d) for n ≥ 1 and 0 < d < 1; exact to about 1e-9 of its size, above n = 200 000 to about 1e-6.
 *
 * Formula: d · Σ C(n, j) (d + j/n)^(j−1) (1 − d − j/n)^(n−j) over 0 ≤ j ≤ n(1 − d); for large n
 * exp(−2nd² − 4nd⁴/9 − 32nd⁶/135 − 2d/3 + 4d²/9 − 88d³/405 + 4d/45n).
 * Source: Birnbaum and Tingey 1951; the expansion Smirnov 1944 and Lauwerier 1963.
 *
 * @example smirnovSurvival(20, 0.3); // 0.0215335
 */
export const smirnovSurvival = (n: number, d: number): number =>
  n <= SUM_UP_TO ? exactSum(n, d) : expansion(n, d);

function exactSum(n: number, d: number): number {
  let sum = 0;
  let logBinomial = 0;
  const last = Math.floor(n * (1 - d));
  for (let j = 0; j <= last; j++) {
    const below = d + j / n;
    const above = 1 - below;
    // n·(1 − d) may round up to a whole number: the term is then 0, or 1 at j = n.
    if (above > 0) sum += Math.exp(logBinomial + (j - 1) * Math.log(below) + (n - j) * Math.log(above));
    logBinomial += Math.log((n - j) / (j + 1));
  }
  return Math.min(1, d * sum);
}

function expansion(n: number, d: number): number {
  const d2 = d * d;
  const rate = 2 + d2 * (4 / 9 + (d2 * 32) / 135);
  const corrections = -(2 / 3) * d + (4 / 9) * d2 - (88 / 405) * d2 * d + ((4 / 45) * d) / n;
  return Math.exp(-n * d2 * rate + corrections);
}
