// A version in memory, ready to answer requests.
import { type Awaitable, type Scorer } from '../../domain/learning/artifact/scorer.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';
import { type AgeLimit, ageLimitsOf } from '../../domain/model/max-age.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type LoadedVersion } from '../../scoring/scorer-source.ts';
import { type CompiledModel, compileModel } from './compiled-model.ts';
import { type RowShape, rowShape } from './row-shape.ts';

/** A version that can answer requests. */
export interface ServingModel {
  readonly model: string;
  readonly version: number;
  readonly definitionVersion: number;
  /** Key columns of the entity, in order. */
  readonly entityKeys: readonly string[];
  readonly definition: ModelDefinition;
  readonly shape: RowShape;
  /** For each view with a `maxAge`, how old its stored values may be. */
  readonly ageLimits: readonly AgeLimit[];
  /** Estimated probabilities of the positive class, in [0, 1], one per record. */
  readonly score: (records: readonly FeatureRecord[]) => Awaitable<readonly number[]>;
  /** Scores rows that are given as lists of values. */
  readonly compiled: CompiledModel;
  /** Scores at or above this are positive. */
  readonly threshold: number;
  /** Computes the contribution of each feature to the score of a record; null if the version cannot do that. */
  readonly explain: Scorer['explain'];
}

/**
 * Prepares a loaded version and checks that it can score: a row with only missing values must get a score in [0, 1].
 *
 * @throws TidegateError ARTIFACT_CHANGED if that row does not get such a score
 */
export async function makeServingModel(loaded: LoadedVersion): Promise<ServingModel> {
  const { model, version, definitionVersion, definition, scorer, threshold } = loaded;
  const shape = rowShape(definition);
  const nothing = Object.fromEntries(shape.features.map(({ name }) => [name, null]));
  const [checked = NaN] = await scorer.scoreRecords([nothing]);
  if (!(checked >= 0 && checked <= 1)) {
    throw new TidegateError(
      'ARTIFACT_CHANGED',
      `${model} version ${version} gives a row of missing values the score ${checked}, which is not in [0, 1]`,
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
    compiled: compileModel(definition, scorer),
    threshold,
    explain: scorer.explain,
  };
}
