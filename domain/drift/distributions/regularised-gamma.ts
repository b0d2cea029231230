// The upper regularised incomplete gamma function, of which normal and chi-square tails are cases.
import { logGamma } from './log-gamma.ts';

const PRECISION = 1e-16;
const TINY = 1e-300;

/**
 * Q(a, x) = Γ(a, x) / Γ(a), for a > 0 and x ≥ 0, from 1 down to 0, to about 1e-12 of its size.
 *
 * Formula: 1 − P by the power series where x < a + 1, else Lentz's continued fraction, so that neither side loses
 * digits by cancellation.
 * Source: Press et al., Numerical Recipes, 3rd ed., section 6.2.
 *
 * @example upperGamma(1, 2); // exp(-2)
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; term > sum * PRECISION; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return sum;
}

function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  // The fraction settles within about √a steps; the bound only guards against an endless loop.
  for (let k = 1; k < 1_000_000; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < 2 * PRECISION) break;
  }
  return fraction;
}

const nonZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
