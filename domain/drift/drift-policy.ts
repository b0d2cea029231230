// What a model's owner decides about drift.
import { criticalFeatures, featuresOf } from '../model/define-model.ts';
import { type ModelDefinition } from '../model/definition.ts';
import { type Artifact } from '../learning/artifact/artifact.ts';
import { usage } from '../learning/artifact/feature-effects.ts';

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

/**
 * The policy by which windows are judged. A column weighs what its declaration says, or else 1. With `weights: 'usage'`,
 * and in definitions from before there was a choice, it is else its share of what moves the champion's scores, in units of
 * an average feature: 1 each if the champion uses all alike, 0 for one that it does not use.
 *
 * @param artifact the champion's; without one each feature weighs 1
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

/** Nothing is found in it that was not put there, whatever a column is called: "constructor" is a name too. */
const byName = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;
