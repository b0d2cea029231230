// A version in memory, ready to answer.
import { type Awaitable, type Scorer } from '../../domain/learning/artifact/scorer.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';
import { type AgeLimit, ageLimitsOf } from '../../domain/model/max-age.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type LoadedVersion } from '../../scoring/scorer-source.ts';
import { type RowShape, rowShape } from './row-shape.ts';

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
  /** Estimated probabilities of the positive class, in [0, 1], one per record. */
  readonly score: (records: readonly FeatureRecord[]) => Awaitable<readonly number[]>;
  /** Score from which on it says yes. */
  readonly threshold: number;
  /** What each feature adds to the score of a record; null where the version cannot tell. */
  readonly explain: Scorer['explain'];
}

/**
 * Makes a loaded version ready, and checks that it answers: a row of nothing but missing values must get a finite
 * score in [0, 1].
 *
 * @throws TidegateError ARTIFACT_CHANGED when it does not
 */
export async function makeServingModel(loaded: LoadedVersion): Promise<ServingModel> {
  const { model, version, definitionVersion, definition, scorer, threshold } = loaded;
  const shape = rowShape(definition);
  const nothing = Object.fromEntries(shape.features.map(({ name }) => [name, null]));
  const [checked = NaN] = await scorer.scoreRecords([nothing]);
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
    score: scorer.scoreRecords,
    threshold,
    explain: scorer.explain,
  };
}
