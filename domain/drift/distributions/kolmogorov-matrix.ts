// Durbin's matrix method for the Kolmogorov distribution at small n or d.
import { Matrix } from 'ml-matrix';
import { logGamma } from './log-gamma.ts';

const RESCALE = 2 ** 128;

/**
 * P(Dn < d) for 1 < n·d, exact to about 1e-13; time grows with (n·d)³ · log n.
 *
 * Formula: with k = ⌈nd⌉ the middle element of n!/nⁿ · Hⁿ, H being (2k − 1) square.
 * Source: Durbin 1973; Marsaglia, Tsang and Wang 2003, Evaluating Kolmogorov's distribution.
 *
 * @example kolmogorovByMatrix(20, 0.1); // 0.0237449
 */
export function kolmogorovByMatrix(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const h = k - n * d;
  let base = stepMatrix(2 * k - 1, h);
  let power = Matrix.eye(2 * k - 1);
  // Elements grow beyond any number; the exponents of both are carried apart, in units of 128 bits.
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
