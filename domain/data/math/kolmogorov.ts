// The distribution of the one-sample Kolmogorov-Smirnov statistic, exact or approximate depending on the sample size.
import { logGamma } from './special-functions.ts';
import { Matrix } from 'ml-matrix';

// Bounds of n·d² from Simard and L'Ecuyer.
const SURVIVAL_IS_ZERO = 370;
const SURVIVAL_IS_ONE = 0.045;

/**
 * Returns P(Dn ≥ d) of the one-sample two-sided Kolmogorov statistic with n ≥ 1 values, with a relative error of at most
 * 1e-6.
 *
 * n and n·d² decide the method: closed forms at both ends, Durbin's matrix for small n or d, twice the one-sided tail if
 * the two sides hardly overlap, otherwise Pelz and Good's expansion. The source also uses Pomeranz's recursion for speed
 * at n ≤ 140; it is left out because the matrix takes less than a millisecond there.
 *
 * Source: Simard and L'Ecuyer 2011, Computing the two-sided Kolmogorov-Smirnov distribution; scipy `kstwo.sf`.
 *
 * @example kolmogorovSurvival(1000, 0.05); // 0.0130121
 */
export function kolmogorovSurvival(n: number, d: number): number {
  const t = n * d;
  const size = t * d;
  if (d >= 1 || size >= SURVIVAL_IS_ZERO) return 0;
  if (t <= 0.5) return 1;
  if (t <= 1) return 1 - Math.exp(logGamma(n + 1) + n * Math.log((2 * t - 1) / n));
  if (t >= n - 1) return 2 * (1 - d) ** n;
  if (d >= 0.5 || size >= (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * smirnovSurvival(n, d));
  // Here, P(Dn < d) is below 1e-10.
  if (size < SURVIVAL_IS_ONE) return 1;
  const byMatrix = n <= 140 || n * d ** 1.5 <= 1.4;
  const distribution = byMatrix ? kolmogorovByMatrix(n, d) : kolmogorovByPelzGood(n, d);
  return Math.min(1, Math.max(0, 1 - distribution));
}

const RESCALE = 2 ** 128;

/**
 * Returns P(Dn < d) for n·d > 1, exact to about 1e-13; the time grows with (n·d)³ · log n.
 *
 * Formula: the middle element of n!/nⁿ · Hⁿ, where H is a square matrix of size 2k − 1 with k = ⌈nd⌉.
 * Source: Durbin 1973; Marsaglia, Tsang and Wang 2003, Evaluating Kolmogorov's distribution.
 *
 * @example kolmogorovByMatrix(20, 0.1); // 0.0237449
 */
function kolmogorovByMatrix(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const h = k - n * d;
  let base = stepMatrix(2 * k - 1, h);
  let power = Matrix.eye(2 * k - 1);
  // Elements would overflow, so the exponents of both matrices are kept separately, in units of 128 bits.
  let baseExponent = 0;
  let exponent = 0;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      power = power.mmul(base);
      exponent += baseExponent;
      if (power.get(k - 1, k - 1) > RESCALE) {
        power.div(RESCALE);
        exponent++;
      }
    }
    base = base.mmul(base);
    baseExponent *= 2;
    if (base.get(k - 1, k - 1) > RESCALE) {
      base.div(RESCALE);
      baseExponent++;
    }
  }
  const scale = logGamma(n + 1) - n * Math.log(n) + exponent * Math.log(RESCALE);
  return power.get(k - 1, k - 1) * Math.exp(scale);
}

function stepMatrix(size: number, h: number): Matrix {
  const inverseFactorial = [1];
  for (let i = 1; i <= size; i++) inverseFactorial.push((inverseFactorial[i - 1] ?? 0) / i);
  const at = (i: number): number => inverseFactorial[i] ?? 0;

  const matrix = new Matrix(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 1; column <= Math.min(row + 1, size - 1); column++) {
      matrix.set(row, column, at(row + 1 - column));
    }
  }
  for (let i = 0; i < size; i++) {
    const edge = (1 - h ** (i + 1)) * at(i + 1);
    matrix.set(i, 0, edge);
    matrix.set(size - 1, size - 1 - i, edge);
  }
  const corner = (1 - 2 * h ** size + Math.max(2 * h - 1, 0) ** size) * at(size);
  matrix.set(size - 1, 0, corner);
  return matrix;
}

const PI_2 = Math.PI ** 2;

const PI_4 = Math.PI ** 4;

const PI_6 = Math.PI ** 6;

const SQRT_2PI = Math.sqrt(2 * Math.PI);

/**
 * Returns P(Dn ≤ d), exact to about 1e-8 for n > 140 and n·d^1.5 > 1.4.
 *
 * Formula: K0(z) + K1(z)/√n + K2(z)/n + K3(z)/n^1.5 with z = d·√n, each K in its form for small z.
 * Source: Pelz and Good 1976, Approximating the lower tail-areas of the Kolmogorov-Smirnov one-sample statistic.
 *
 * @example kolmogorovByPelzGood(100_000, 0.001); // 3.6159e-5
 */
function kolmogorovByPelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  const terms = Math.ceil((16 * z) / Math.PI);

  let k0 = 0;
  let k1 = 0;
  let k2 = 0;
  let k3 = 0;
  let k2Rest = 0;
  let k3Rest = 0;
  for (let i = 1; i <= terms; i++) {
    const odd2 = (2 * i - 1) ** 2;
    const odd4 = odd2 * odd2;
    const weight = Math.exp((-PI_2 * odd2) / (8 * z2));
    k0 += weight;
    k1 += weight * ((PI_2 / 4) * odd2 - z2);
    k2 +=
      weight * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * (PI_2 / 4) * odd2 + (PI_4 / 16) * (1 - 2 * z2) * odd4);
    k3 +=
      weight *
      (-30 * z6 -
        90 * z4 * z4 +
        (PI_2 / 4) * (135 * z4 - 96 * z6) * odd2 +
        (PI_4 / 16) * (212 * z4 - 60 * z2) * odd4 +
        (PI_6 / 64) * (5 - 30 * z2) * odd4 * odd2);

    const i2 = i * i;
    const even = i2 * Math.exp((-PI_2 * i2) / (2 * z2));
    k2Rest += even;
    k3Rest += even * (3 * z2 - PI_2 * i2);
  }
  const second = k2 / (72 * z6 * z) - (PI_2 * k2Rest) / (36 * z2 * z);
  const third = k3 / (6480 * z6 * z4) + (PI_2 * k3Rest) / (216 * z6);
  return SQRT_2PI * (k0 / z + k1 / (6 * z4 * Math.sqrt(n)) + second / n + third / n ** 1.5);
}

// Above this n the expansion is as exact as the sum, which takes more than a millisecond per 20,000 terms.
const SUM_UP_TO = 200_000;

/**
 * Returns P(Dn⁺ ≥ d) for n ≥ 1 and 0 < d < 1, with a relative error of about 1e-9, or about 1e-6 above n = 200,000.
 *
 * Formula: d · Σ C(n, j) (d + j/n)^(j−1) (1 − d − j/n)^(n−j) over 0 ≤ j ≤ n(1 − d); for large n
 * exp(−2nd² − 4nd⁴/9 − 32nd⁶/135 − 2d/3 + 4d²/9 − 88d³/405 + 4d/45n).
 * Source: Birnbaum and Tingey 1951; the expansion Smirnov 1944 and Lauwerier 1963.
 *
 * @example smirnovSurvival(20, 0.3); // 0.0215335
 */
const smirnovSurvival = (n: number, d: number): number => (n <= SUM_UP_TO ? exactSum(n, d) : expansion(n, d));

function exactSum(n: number, d: number): number {
  let sum = 0;
  let logBinomial = 0;
  const last = Math.floor(n * (1 - d));
  for (let j = 0; j <= last; j++) {
    const below = d + j / n;
    const above = 1 - below;
    // If n·(1 − d) was rounded up to a whole number, the last term is 0, or 1 at j = n.
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
