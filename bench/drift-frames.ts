// Two windows for the drift bench: fourteen columns, two of which drifted; the same for the same size.
import { Random } from '../domain/random.ts';
import { type FeatureColumn, type Frame } from '../domain/data/frame.ts';

/** How a column changed between the reference and the window. */
export const DRIFTED: Readonly<Record<string, number>> = { n1: 1.6, n4: 0.85 };

type Draw = (random: Random) => number;

const normal: Draw = (random) => 50 + 10 * random.normal();
const skewed: Draw = (random) => Math.exp(3 + 0.5 * random.normal());
const tied: Draw = (random) => Math.round(20 * random.uniform() ** 2 * 10) / 10;
const count: Draw = (random) => random.poisson(4);

/** Kinds of numeric columns: continuous, skewed, rounded to tenths, and counts. */
const NUMBERS: readonly Draw[] = [
  normal,
  skewed,
  normal,
  tied,
  skewed,
  normal,
  count,
  normal,
  (random) => Math.max(0, normal(random) - 50),
  (random) => Math.round(1_000 * skewed(random)) / 1_000,
];

const PLANS = ['basic', 'family', 'premium', 'trial', 'yearly'];
const REGIONS = Array.from({ length: 40 }, (_, at) => `region-${at}`);

/** Values of each category column, the most frequent first. */
const CATEGORIES: readonly (readonly string[])[] = [['no', 'yes'], PLANS, REGIONS, ['android', 'ios', 'tv']];

/** Number of columns in each frame. */
export const COLUMNS = NUMBERS.length + CATEGORIES.length;

/**
 * Generates one side of a comparison; every fifth row is held out.
 *
 * @example const [reference, window] = [driftFrame(7_000, 'reference'), driftFrame(7_000, 'window')];
 */
export function driftFrame(rows: number, side: 'reference' | 'window'): Frame {
  const isWindow = side === 'window';
  const random = (column: number): Random => new Random(rows, isWindow ? 2 : 1, column);
  const numbers = NUMBERS.map((draw, column): FeatureColumn => {
    const name = `n${column}`;
    const factor = isWindow ? (DRIFTED[name] ?? 1) : 1;
    const stream = random(column);
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row += 1) values[row] = draw(stream) * factor;
    return { kind: 'numeric', name, values };
  });
  const categories = CATEGORIES.map((dictionary, column): FeatureColumn => {
    const stream = random(100 + column);
    const codes = new Uint32Array(rows);
    for (let row = 0; row < rows; row += 1) codes[row] = stream.below(1 + stream.below(dictionary.length));
    return { kind: 'category', name: `c${column}`, codes, dictionary };
  });
  const labels = random(200);
  return {
    rows,
    features: [...numbers, ...categories],
    labels: Uint8Array.from({ length: rows }, () => Number(labels.chance(0.25))),
    holdout: Uint8Array.from({ length: rows }, (_, row) => Number(row % 5 === 0)),
    clusters: Uint32Array.from({ length: rows }, (_, row) => row),
    times: new BigInt64Array(rows),
  };
}
