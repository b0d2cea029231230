// What a model's owner decides about drift.

/** How large a change is measured: the distance that is held against the threshold. */
export type EffectName = 'wasserstein' | 'psi' | 'jensenshannon';

/** When a window counts as drifted. */
export interface DriftPolicy {
  /** Whose tests and rules to apply instead of Tidegate's own; it then needs the rows of both sides. @default none */
  readonly preset?: 'evidently' | undefined;
  /** The window is drifted when at least this weighted share of all columns is, 0 to 1; never with no column drifted. */
  readonly share: number;
  /** Bound of the adjusted p-value. @default 0.05 */
  readonly alpha?: number;
  /** Values needed on each side; with fewer a signal is not measurable. @default 30 */
  readonly minRows?: number;
  /** How far above 0.5 the AUC of telling window from reference must surely lie. @default by the number of columns */
  readonly multivariate?: number | undefined;
  /** Columns of which one drifted is enough. */
  readonly critical?: readonly string[];
  /** How much each column counts in the share. @default 1 for each */
  readonly weights?: Readonly<Record<string, number>>;
  /** Which distance says how much a column changed. @default wasserstein for numbers, jensenshannon for categories */
  readonly effects?: Readonly<Record<string, EffectName>>;
  /** Least effect of a column's distribution, in the unit of its effect. @default that of the effect: 0.1, of PSI 0.25 */
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** Bound of the adjusted p-value where the policy names none. */
export const DEFAULT_ALPHA = 0.05;

/** Values needed on each side where the policy does not say. */
export const DEFAULT_MIN_ROWS = 30;

/** What the policy says of one column. */
export interface ColumnPolicy {
  readonly minRows: number;
  readonly effect?: EffectName | undefined;
  readonly threshold?: number | undefined;
}

/** What a policy says of a column. @example columnPolicy({ share: 0.3 }, 'hours') // { minRows: 30 } */
export const columnPolicy = (policy: DriftPolicy, column: string): ColumnPolicy => ({
  minRows: policy.minRows ?? DEFAULT_MIN_ROWS,
  effect: policy.effects?.[column],
  threshold: policy.thresholds?.[column],
});
