// The drift policy: the settings by which a model's owner decides when a window counts as drifted.
import { criticalFeatures, featuresOf } from '../model/define-model.ts';
import { type ModelDefinition } from '../model/definition.ts';
import { type Artifact } from '../learning/artifact/artifact.ts';
import { usage } from '../learning/artifact/feature-effects.ts';

/** The distance that measures the size of a change; it is compared with the threshold. */
export type EffectName = 'wasserstein' | 'psi' | 'jensenshannon';

/** When a window counts as drifted. */
export interface DriftPolicy {
  /**
   * Whose tests and rules to apply instead of Tidegate's own. A preset needs the rows of the reference and of the window.
   *
   * @default none
   */
  readonly preset?: 'evidently' | undefined;
  /**
   * Weighted share of drifted columns, 0 to 1, from which the window counts as drifted. At least one column must have
   * drifted.
   */
  readonly share: number;
  /** Significance level: the adjusted p-value must be below it. @default 0.05 */
  readonly alpha?: number;
  /** Minimum number of values needed in the reference and in the window; with fewer, a signal is not measurable. @default 30 */
  readonly minRows?: number;
  /**
   * Smallest excess of the lower bound of the domain classifier's AUC over 0.5 that counts as drift.
   *
   * @default by the number of columns
   */
  readonly multivariate?: number | undefined;
  /** Columns that make the window drifted if any one of them drifts. */
  readonly critical?: readonly string[];
  /** Weight of each column in the share. @default 1 for each */
  readonly weights?: Readonly<Record<string, number>>;
  /** The distance that measures each column. @default wasserstein for numbers, jensenshannon for categories */
  readonly effects?: Readonly<Record<string, EffectName>>;
  /** Smallest effect that counts as drift, in the effect's unit. @default 0.25 for PSI, otherwise 0.1 */
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** Significance level if the policy names none. */
export const DEFAULT_ALPHA = 0.05;

/** Minimum number of values needed in the reference and in the window, if the policy names no minimum. */
export const DEFAULT_MIN_ROWS = 30;

/** The policy for one column. */
export interface ColumnPolicy {
  readonly minRows: number;
  readonly effect?: EffectName | undefined;
  readonly threshold?: number | undefined;
}

/** Returns the policy for a column. @example columnPolicy({ share: 0.3 }, 'hours') // { minRows: 30 } */
export const columnPolicy = (policy: DriftPolicy, column: string): ColumnPolicy => ({
  minRows: policy.minRows ?? DEFAULT_MIN_ROWS,
  effect: policy.effects?.[column],
  threshold: policy.thresholds?.[column],
});

/**
 * Returns the policy by which a model's windows are evaluated. A column has the weight that its declaration states.
 * Without a declared weight, it has weight 1. The exception is a definition that says `weights: 'usage'` or was stored
 * before this setting existed: then the weight is the contribution of the column to the champion's scores, divided by
 * the average contribution of a feature (1 for each if the champion uses all features equally, 0 for a feature that it
 * does not use).
 *
 * @param artifact artifact of the champion; without it, each feature without a declared weight has weight 1
 * @example judgeWindow(reference, profile, driftPolicyOf(definition, artifact))
 */
export function driftPolicyOf(
  definition: ModelDefinition,
  artifact?: Pick<Artifact, 'effects'>,
): DriftPolicy {
  const { preset, share, alpha, minRows, multivariate, weights: by = 'usage' } = definition.drift;
  const effects = by === 'usage' ? (artifact?.effects ?? []) : [];
  const shares = usage(effects);
  const weights = byName<number>();
  const chosen = byName<EffectName>();
  const thresholds = byName<number>();
  for (const [feature, used] of Object.entries(shares)) weights[feature] = used * effects.length;
  for (const { name, spec } of featuresOf(definition)) {
    const { weight, effect, threshold } = spec.drift ?? {};
    if (weight !== undefined) weights[name] = weight;
    if (effect !== undefined) chosen[name] = effect;
    if (threshold !== undefined) thresholds[name] = threshold;
  }
  return {
    preset,
    share,
    alpha,
    minRows,
    multivariate: multivariate ? multivariate.threshold : undefined,
    critical: criticalFeatures(definition),
    weights,
    effects: chosen,
    thresholds,
  };
}

/** Returns an object without a prototype, because a column may be called "constructor". */
const byName = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;
