// Generates ten numeric and four category columns, like those of a subscription business.
import { type FeatureColumn, type Frame, MISSING_CODE, NO_LABEL } from '../../../domain/data/frame.ts';
import { Random } from '../../../domain/random.ts';

/** How the generated frame differs from an unchanged one. */
export interface Changes {
  /** Standard deviations by which `usage` is shifted. */
  readonly shift?: number;
  /** Factors by which columns are multiplied, by name. */
  readonly factors?: Readonly<Record<string, number>>;
}

const gamma2 = (random: Random): number => -Math.log(1 - random.uniform()) - Math.log(1 - random.uniform());

const NUMBERS: Readonly<Record<string, (random: Random) => number>> = {
  usage: (random) => random.normal(),
  watched: (random) => 12 * gamma2(random),
  session: (random) => Math.exp(3 + 0.4 * random.normal()),
  fee: (random) => Math.round(100 * (20 + 70 * random.uniform())) / 100,
  months: (random) => Math.floor(72 * random.uniform() ** 1.6),
  devices: (random) => 1 + random.below(3),
  skips: (random) => random.poisson(4),
  rebuffers: (random) => random.poisson(2.3),
  failures: (random) => (random.chance(0.06) ? random.poisson(1) : 0),
  hours: (random) => (random.chance(0.2) ? NaN : 10 * gamma2(random)),
};

const LEVELS: Readonly<Record<string, readonly number[]>> = {
  net: [0.44, 0.34, 0.22],
  paperless: [0.6, 0.4],
  plan: [0.5, 0.25, 0.15, 0.1],
  region: [0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.06, 0.04],
};

/** Generates a frame; the same for the same seed, size and changes. */
export function fourteenColumns(
  rows: number,
  seed: number,
  { shift = 0, factors = {} }: Changes = {},
): Frame {
  const numbers = Object.entries(NUMBERS).map(([name, draw], at): FeatureColumn => {
    const random = new Random(seed, rows, at);
    const factor = factors[name] ?? 1;
    const moved = name === 'usage' ? shift : 0;
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row += 1) values[row] = factor * draw(random) + moved;
    return { kind: 'numeric', name, values };
  });
  const categories = Object.entries(LEVELS).map(([name, shares], at): FeatureColumn => {
    const random = new Random(seed, rows, 100 + at);
    const codes = new Uint32Array(rows);
    for (let row = 0; row < rows; row += 1) {
      let left = random.uniform();
      let code = 0;
      while (code < shares.length - 1 && left >= (shares[code] as number)) left -= shares[code++] as number;
      codes[row] = name === 'plan' && random.chance(0.05) ? MISSING_CODE : code;
    }
    return { kind: 'category', name, codes, dictionary: shares.map((_, code) => `${name}_${code}`) };
  });
  return {
    rows,
    features: [...numbers, ...categories],
    labels: new Uint8Array(rows).fill(NO_LABEL),
    holdout: new Uint8Array(rows),
    clusters: new Uint32Array(rows),
    times: new BigInt64Array(rows),
  };
}
