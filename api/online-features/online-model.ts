// The definition by which a model's online features are looked up, and the features in it.
import { featuresOf } from '../../domain/model/define-model.ts';
import { type FeatureSpec } from '../../domain/model/parts/column.ts';
import { type ModelDefinition, sourceColumnsOf } from '../../domain/model/definition.ts';
import { declaredColumnsOf } from '../../domain/model/declared-columns.ts';
import { derivationsOf } from '../../domain/model/derivation.ts';
import { type AgeLimit, ageLimitsOf, viewName } from '../../domain/model/max-age.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { type RowShape, rowShape } from '../serving/row-shape.ts';
import { type Serving } from '../serving/serving.ts';

/** The definition by which a model's online features are read. */
export interface OnlineModel {
  readonly model: string;
  readonly definitionVersion: number;
  readonly definition: ModelDefinition;
  readonly shape: RowShape;
  readonly ageLimits: readonly AgeLimit[];
}

/** A feature of a model. */
export interface OnlineFeature {
  readonly name: string;
  readonly spec: FeatureSpec;
  /** Name of its view, or of the model for a column derived from several views. */
  readonly group: string;
  /** Positions of the views from which its value is computed. */
  readonly views: readonly number[];
  /** A text that identifies what the value depends on: equal texts mean equal values for an entity. */
  readonly meaning: string;
}

/** Returns the definition of the version in Production or, if there is none, the newest. @throws TidegateError UNKNOWN_MODEL */
export async function onlineModel(
  serving: Pick<Serving, 'models'>,
  database: Database,
  model: string,
): Promise<OnlineModel> {
  const held = serving.models.get(model);
  if (held) return held;
  const { definition, version } = await getDefinition(database, model);
  return {
    model,
    definitionVersion: version,
    definition,
    shape: rowShape(definition),
    ageLimits: ageLimitsOf(definition),
  };
}

/** Lists the features of a model in the order of its definition. */
export function onlineFeatures({ model, definition }: OnlineModel): OnlineFeature[] {
  const views = new Map<string, readonly number[]>(
    sourceColumnsOf(definition).map(({ name, view }) => [name, [view]]),
  );
  for (const { name, inputs } of derivationsOf(definition)) {
    views.set(name, [...new Set(inputs.flatMap((input) => views.get(input) ?? []))]);
  }
  const home = new Map(declaredColumnsOf(definition).map(({ name, view }) => [name, view]));
  return featuresOf(definition).map(({ name, spec, view }) => {
    const of = view ?? home.get(name) ?? null;
    const from = views.get(name) ?? [];
    const read = from.map((index) => definition.features[index]);
    return {
      name,
      spec,
      group: of === null ? model : viewName(definition.features[of] as ModelDefinition['features'][number]),
      views: from,
      meaning: JSON.stringify(of === null ? [model, read] : read),
    };
  });
}
