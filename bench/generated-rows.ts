// Generates rows for benches: ten numbers, four flags and a label that depends on some of them; the same for the same size.
import { type FeatureColumn, type Frame } from '../domain/data/frame.ts';

const NUMBERS = 10;
const FLAGS = 4;

/** Generates a frame with one cluster per row, and its row numbers. */
export function generatedRows(rows: number): { frame: Frame; all: Uint32Array } {
  const random = uniform(rows);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(random() + 2 ** -53)) * Math.cos(2 * Math.PI * random());
  const logits = new Float64Array(rows).fill(-1);
  const features: FeatureColumn[] = [];
  for (let column = 0; column < NUMBERS; column += 1) {
    const weight = normal() / 2;
    const values = Float64Array.from({ length: rows }, normal);
    values.forEach((value, row) => (logits[row]! += weight * value));
    features.push({ kind: 'numeric', name: `n${column}`, values: values.map((value) => 50 + 10 * value) });
  }
  for (let column = 0; column < FLAGS; column += 1) {
    const weight = normal() / 2;
    const codes = Uint32Array.from({ length: rows }, () => Number(random() < 0.3));
    codes.forEach((code, row) => (logits[row]! += weight * code));
    features.push({ kind: 'category', name: `c${column}`, codes, dictionary: ['a', 'b'] });
  }
  const frame: Frame = {
    rows,
    features,
    labels: Uint8Array.from(logits, (logit) => Number(random() < 1 / (1 + Math.exp(-logit)))),
    holdout: new Uint8Array(rows),
    clusters: Uint32Array.from({ length: rows }, (_, row) => row),
    times: new BigInt64Array(rows),
  };
  return { frame, all: Uint32Array.from({ length: rows }, (_, row) => row) };
}

/** Uniform numbers in [0, 1) (Numerical Recipes' linear congruence; good enough to time with). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
