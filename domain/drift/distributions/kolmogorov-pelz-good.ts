// Pelz and Good's expansion of the Kolmogorov distribution for larger n.

const PI_2 = Math.PI ** 2;
const PI_4 = Math.PI ** 4;
const PI_6 = Math.PI ** 6;
const SQRT_2PI = Math.sqrt(2 * Math.PI);

/**
 * P(Dn ≤ d) to about 1e-8 for n > 140 and n·d^1.5 > 1.4.
 *
 * Formula: K0(z) + K1(z)/√n + K2(z)/n + K3(z)/n^1.5 with z = d·√n, each K in its form for small z.
 * Source: Pelz and Good 1976, Approximating the lower tail-areas of the Kolmogorov-Smirnov one-sample statistic.
 *
 * @example kolmogorovByPelzGood(100_000, 0.001); // 3.6159e-5
 */
export function kolmogorovByPelzGood(n: number, d: number): number {
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
