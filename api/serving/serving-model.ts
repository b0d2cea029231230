// A version in memory, ready to answer.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type FeatureRecord } from '../../domain/features/frame.ts';
import { type AgeLimit, ageLimitsOf } from '../../domain/features/max-age.ts';
import { TidegateError } from '../../domain/errors.ts';
import { explainRecord, type Explanation } from '../../domain/learning/explain.ts';
import { scoreRecord } from '../../domain/learning/score.ts';
import { type LoadedVersion } from '../../store/serving/load-version.ts';
import { type RowShape, rowShape } from '../prediction/row-shape.ts';

/** A version that can answer. */
export interface ServingModel {
  readonly model: string;
  readonly version: number;
  readonly definitionVersion: number;
  /** Columns that name an entity, in order. */
  readonly entityKeys: readonly string[];
  readonly definition: ModelDefinition;
  readonly shape: RowShape;
  /** How old stored values may be. */
  readonly ageLimits: readonly AgeLimit[];
  /** Estimated probability of the positive class, in [0, 1]. */
  readonly score: (record: FeatureRecord) => number;
  /** Score from which on it says yes. */
  readonly threshold: number;
  /** What each feature adds to that score. */
  readonly explain: (record: FeatureRecord) => Explanation;
}

/**
 * Makes a loaded version ready, and checks that it answers: a row of nothing but missing values must get a finite
 * score in [0, 1].
 *
 * @throws TidegateError ARTIFACT_CHANGED when it does not
 */
export function makeServingModel(loaded: LoadedVersion): ServingModel {
  const { model, version, definitionVersion, definition, artifact, threshold } = loaded;
  const shape = rowShape(definition);
  const score = (record: FeatureRecord): number => scoreRecord(artifact, record).score;
  const nothing = Object.fromEntries(shape.features.map(({ name }) => [name, null]));
  const checked = score(nothing);
  if (!(checked >= 0 && checked <= 1)) {
    throw new TidegateError(
      'ARTIFACT_CHANGED',
      `${model} version ${version} scores a row of missing values ${checked}`,
    );
  }
  return {
    model,
    version,
    definitionVersion,
    entityKeys: definition.entity.keys,
    definition,
    shape,
    ageLimits: ageLimitsOf(definition),
    score,
    threshold,
    explain: (record) => explainRecord(artifact, record),
  };
}
