// A hypothesis about a window: does one thing differ from the reference significantly, and by enough to matter?
import { type StatisticName } from './statistic.ts';

/** What may have changed. Each column has at most one hypothesis of each kind. */
export type SignalKind =
  'distribution' | 'missing' | 'new category' | 'label' | 'prediction' | 'multivariate';

/** Whether the window's values are higher or lower than the reference's; `none` if that is not defined. */
export type Direction = 'up' | 'down' | 'none';

/** A hypothesis with what was measured for it, before p-values are adjusted. Every number is finite. */
export interface Hypothesis {
  /** The column, or another subject such as `label`. */
  readonly subject: string;
  readonly kind: SignalKind;
  /** The statistic that gives `value` and `pValue`. */
  readonly statistic: StatisticName;
  readonly value: number | null;
  /** Upper bound of `value` if `value` is known only through bins; equal to `value` if `value` is exact. */
  readonly valueAtMost: number | null;
  /** Null if the hypothesis is decided by its effect only, or is not measurable. */
  readonly pValue: number | null;
  /** The p-value of `valueAtMost`, to within 1 %. */
  readonly pValueAtLeast: number | null;
  /** The statistic that gives `effectSize`. */
  readonly effect: StatisticName;
  /** How large the change is, in the effect's unit, without a sign. */
  readonly effectSize: number | null;
  /** Smallest effect that counts as drift. */
  readonly threshold: number;
  /** About the 95 % quantile of the effect if nothing changed, for these sizes; null if it is not known. */
  readonly noiseFloor: number | null;
  readonly direction: Direction;
  /** Number of values that were compared, in the reference and in the window. */
  readonly referenceSize: number;
  readonly windowSize: number;
  /** Why it is not measurable; null if it is measurable. */
  readonly reason: string | null;
}

/** A hypothesis before anything is measured. */
export type Question = Pick<
  Hypothesis,
  'subject' | 'kind' | 'statistic' | 'effect' | 'threshold' | 'referenceSize' | 'windowSize'
>;

/** What was measured; omitted fields default to null, and the direction to `none`. */
export type Answer = Partial<Omit<Hypothesis, keyof Question | 'reason'>>;

/** Combines a question with its answer. @example measured(question, { value: 0.2, pValue: 0.01, effectSize: 0.3 }) */
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

/** Returns a hypothesis that cannot be tested on this window, with the reason. */
export const notMeasurable = (question: Question, reason: string): Hypothesis => ({
  ...measured(question, {}),
  reason,
});

// A smaller difference is a rounding error.
const ROUNDING = 1e-9;

/** Returns the direction of a change. @example directionOf(-0.2); // 'down' */
export function directionOf(change: number): Direction {
  if (Math.abs(change) < ROUNDING) return 'none';
  return change > 0 ? 'up' : 'down';
}

/** Returns why two sides are too small to compare, or null. @example tooFew(5_000, 12, 30) */
export function tooFew(referenceSize: number, windowSize: number, minRows: number): string | null {
  if (windowSize === 0) return 'the window has no values';
  if (referenceSize === 0) return 'the reference has no values';
  if (windowSize < minRows) return `${windowSize} values in the window, ${minRows} are needed`;
  if (referenceSize < minRows) return `${referenceSize} values in the reference, ${minRows} are needed`;
  return null;
}
