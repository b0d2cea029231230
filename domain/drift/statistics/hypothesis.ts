// One question put to a window: did this differ from the reference, surely and materially?
import { type StatisticName } from './statistic.ts';

/** What may have changed. Each column has one hypothesis of a kind. */
export type SignalKind =
  'distribution' | 'missing' | 'new category' | 'label' | 'prediction' | 'multivariate';

/** Where the window lies from the reference. */
export type Direction = 'up' | 'down' | 'none';

/** The answer measured for one hypothesis, before p-values are adjusted. Every number is finite. */
export interface Hypothesis {
  /** The column, or what else is asked about: `label`. */
  readonly subject: string;
  readonly kind: SignalKind;
  /** What `value` and `pValue` come from. */
  readonly statistic: StatisticName;
  readonly value: number | null;
  /** Upper bound of `value` where it is known through bins only; equal to it where it is exact. */
  readonly valueAtMost: number | null;
  /** Null where the kind is judged by its effect alone, or is not measurable. */
  readonly pValue: number | null;
  /** The p-value of `valueAtMost`, to 1 %. */
  readonly pValueAtLeast: number | null;
  /** What `effectSize` comes from. */
  readonly effect: StatisticName;
  /** How large the change is, in the effect's unit, without a sign. */
  readonly effectSize: number | null;
  /** Least effect that is material. */
  readonly threshold: number;
  /** About the 95 % point of the effect where nothing changed, for these sizes; null where none is known. */
  readonly noiseFloor: number | null;
  readonly direction: Direction;
  /** Values compared on each side. */
  readonly referenceSize: number;
  readonly windowSize: number;
  /** Why it is not measurable; null where it is. */
  readonly reason: string | null;
}

/** What a hypothesis is about, before anything is measured. */
export type Question = Pick<
  Hypothesis,
  'subject' | 'kind' | 'statistic' | 'effect' | 'threshold' | 'referenceSize' | 'windowSize'
>;

/** What was measured; what is not named is null, and the direction none. */
export type Answer = Partial<Omit<Hypothesis, keyof Question | 'reason'>>;

/** A measured hypothesis. @example measured(question, { value: 0.2, pValue: 0.01, effectSize: 0.3 }) */
export const measured = (question: Question, answer: Answer): Hypothesis => ({
  ...question,
  value: answer.value ?? null,
  valueAtMost: answer.valueAtMost ?? answer.value ?? null,
  pValue: answer.pValue ?? null,
  pValueAtLeast: answer.pValueAtLeast ?? answer.pValue ?? null,
  effectSize: answer.effectSize ?? null,
  noiseFloor: answer.noiseFloor ?? null,
  direction: answer.direction ?? 'none',
  reason: null,
});

/** A hypothesis that cannot be tested on this window. */
export const notMeasurable = (question: Question, reason: string): Hypothesis => ({
  ...measured(question, {}),
  reason,
});

// A difference below this is rounding, not movement.
const STILL = 1e-9;

/** The direction of a change. @example directionOf(-0.2); // 'down' */
export function directionOf(change: number): Direction {
  if (Math.abs(change) < STILL) return 'none';
  return change > 0 ? 'up' : 'down';
}

/** Why two sides are too small to compare, or null. @example tooFew(5_000, 12, 30) */
export function tooFew(referenceSize: number, windowSize: number, minRows: number): string | null {
  if (windowSize === 0) return 'the window holds no values';
  if (referenceSize === 0) return 'the reference holds no values';
  if (windowSize < minRows) return `${windowSize} values in the window, ${minRows} are needed`;
  if (referenceSize < minRows) return `${referenceSize} values in the reference, ${minRows} are needed`;
  return null;
}
