// What a model's owner decides about drift.

/** When a window counts as drifted. */
export interface DriftPolicy {
  /** The window is drifted when at least this weighted share of all columns is, 0 to 1; never with no column drifted. */
  readonly share: number;
  /** Bound of the adjusted p-value. @default 0.05 */
  readonly alpha?: number;
  /** Values needed on each side; with fewer a signal is not measurable. @default 30 */
  readonly minRows?: number;
  /** Columns of which one drifted is enough. */
  readonly critical?: readonly string[];
  /** How much each column counts in the share. @default 1 for each */
  readonly weights?: Readonly<Record<string, number>>;
  /** Least effect of a column's distribution, in the unit of its effect. @default that of the statistic, 0.1 */
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** Bound of the adjusted p-value where the policy names none. */
export const DEFAULT_ALPHA = 0.05;

/** Values needed on each side where the policy does not say. */
export const DEFAULT_MIN_ROWS = 30;
