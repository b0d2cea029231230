// Test cases for estimated performance: references and windows of a calibrated and an overconfident model.
import { type ScoreSource } from '../domain/performance/score-reference.ts';
import { Random } from '../domain/random.ts';

/** A reference with labels, and the scores of a window without labels. */
export interface CbpeCase {
  readonly name: string;
  readonly reference: {
    readonly source: ScoreSource;
    readonly scores: Float64Array;
    readonly labels: Uint8Array;
  };
  readonly window: Float64Array;
}

const REFERENCE_ROWS = 5_000;
const WINDOW_ROWS = 2_000;

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/**
 * Returns the cases, the same on every machine. Scores have no ties, because NannyML counts tied scores by the order of the rows.
 *
 * @example cbpeCases().map(({ name }) => name)
 */
export function cbpeCases(): CbpeCase[] {
  return [
    { name: 'calibrated scores, no shift', ...drawn(1, { sureness: 1, shift: 0 }) },
    { name: 'calibrated scores, a shift of one deviation', ...drawn(2, { sureness: 1, shift: 1 }) },
    {
      name: 'overconfident scores, a shift of half a deviation',
      ...drawn(3, { sureness: 2, shift: 0.5 }),
    },
  ];
}

function drawn(
  seed: number,
  { sureness, shift }: { sureness: number; shift: number },
): Pick<CbpeCase, 'reference' | 'window'> {
  const random = new Random(seed, 5, 0);
  const logits = Float64Array.from({ length: REFERENCE_ROWS }, () => 1.4 * random.normal() - 0.8);
  return {
    reference: {
      source: 'holdout',
      scores: logits.map((logit) => sigmoid(sureness * logit)),
      labels: Uint8Array.from(logits, (logit) => Number(random.chance(sigmoid(logit)))),
    },
    window: Float64Array.from({ length: WINDOW_ROWS }, () =>
      sigmoid(sureness * (1.4 * random.normal() - 0.8 + 1.4 * shift)),
    ),
  };
}
