// The drift policy of a definition, with weights from what the champion makes of each feature.
import { criticalFeatures, featuresOf } from '../features/define-model.ts';
import { type ModelDefinition } from '../features/definition.ts';
import { type Artifact } from '../learning/artifact.ts';
import { usage } from '../learning/feature-effects.ts';
import { type DriftPolicy, type EffectName } from './drift-policy.ts';

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
