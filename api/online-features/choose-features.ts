// Resolves the feature references of a request to features of models.
import { errorAtPlaces, MAX_PLACES, type Place } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type OnlineFeature, onlineFeatures, type OnlineModel } from './online-model.ts';

/** How many meanings of an ambiguous reference an error lists. */
const MAX_MEANINGS = 5;

/** A feature and the model whose online rows contain it. */
export interface ChosenFeature {
  readonly of: OnlineModel;
  readonly feature: OnlineFeature;
  /** Its name in the answer. */
  readonly name: string;
}

/** Chooses all features of one model. @throws TidegateError INVALID_REQUEST if two would have the same name in the answer */
export const allFeatures = (of: OnlineModel, fullNames: boolean): ChosenFeature[] =>
  named(
    onlineFeatures(of).map((feature) => ({ of, feature })),
    fullNames,
  );

/**
 * Chooses the features that references name, as `view:feature` or just `feature`. If several models have the feature and
 * read it from the same source, the first model by name is used.
 *
 * @param models the models that have the entity of the request, ordered by name
 * @throws TidegateError UNKNOWN_FEATURE, or INVALID_REQUEST if a reference is ambiguous
 */
export function chooseFeatures(
  models: readonly OnlineModel[],
  references: readonly string[],
  fullNames: boolean,
): ChosenFeature[] {
  const offered = byReference(models);
  const unknown: Place[] = [];
  const ambiguous: Place[] = [];
  const chosen: Omit<ChosenFeature, 'name'>[] = [];
  for (const [index, reference] of references.entries()) {
    const found = offered.get(reference) ?? [];
    const [first] = found;
    const at = `features.${index}`;
    if (!first) {
      unknown.push({ at, problem: `no model with this entity has a feature "${excerpt(reference)}"` });
    } else if (found.some(({ feature }) => feature.meaning !== first.feature.meaning)) {
      const names = found
        .slice(0, MAX_MEANINGS)
        .map(({ of, feature }) => `${feature.group}:${feature.name} of ${of.model}`);
      const problem = `"${excerpt(reference)}" is ambiguous: ${names.join(' or ')}; use feature_service to name the model`;
      ambiguous.push({ at, problem });
    } else chosen.push(first);
    if (unknown.length > MAX_PLACES) break;
  }
  refuse('UNKNOWN_FEATURE', unknown);
  refuse('INVALID_REQUEST', ambiguous);
  return named(chosen, fullNames);
}

/** Lists the features of the models by each of the two references that name them. */
function byReference(models: readonly OnlineModel[]): Map<string, Omit<ChosenFeature, 'name'>[]> {
  const offered = new Map<string, Omit<ChosenFeature, 'name'>[]>();
  for (const of of models) {
    for (const feature of onlineFeatures(of)) {
      for (const reference of new Set([feature.name, `${feature.group}:${feature.name}`])) {
        const sharing = offered.get(reference);
        if (sharing) sharing.push({ of, feature });
        else offered.set(reference, [{ of, feature }]);
      }
    }
  }
  return offered;
}

function named(chosen: readonly Omit<ChosenFeature, 'name'>[], fullNames: boolean): ChosenFeature[] {
  const seen = new Set<string>();
  return chosen.map(({ of, feature }, index) => {
    const name = fullNames ? `${feature.group}__${feature.name}` : feature.name;
    if (seen.has(name)) {
      refuse('INVALID_REQUEST', [
        { at: `features.${index}`, problem: `${name} appears twice in the answer; set full_feature_names` },
      ]);
    }
    seen.add(name);
    return { of, feature, name };
  });
}

function refuse(code: 'UNKNOWN_FEATURE' | 'INVALID_REQUEST', places: readonly Place[]): void {
  if (places.length > 0) throw errorAtPlaces(code, places.slice(0, MAX_PLACES + 1));
}
