// Which features of which models a request asks for.
import { type Place, TidegateError } from '../../domain/errors.ts';
import { type OnlineFeature, onlineFeatures, type OnlineModel } from './online-model.ts';

/** A feature with the model whose rows hold it. */
export interface ChosenFeature {
  readonly of: OnlineModel;
  readonly feature: OnlineFeature;
  /** Its name in the answer. */
  readonly name: string;
}

/** All features of one model. */
export const allFeatures = (of: OnlineModel, fullNames: boolean): ChosenFeature[] =>
  named(
    onlineFeatures(of).map((feature) => ({ of, feature })),
    fullNames,
  );

/**
 * The features that references name, `view:feature` or by the feature alone. Several models may have one: where they
 * read it alike, the first by name serves it.
 *
 * @param models those that the entities of the request are entities of, by name
 * @throws TidegateError UNKNOWN_FEATURE, or INVALID_REQUEST where a reference means several things
 */
export function chooseFeatures(
  models: readonly OnlineModel[],
  references: readonly string[],
  fullNames: boolean,
): ChosenFeature[] {
  const offered = models.flatMap((of) => onlineFeatures(of).map((feature) => ({ of, feature })));
  const unknown: Place[] = [];
  const ambiguous: Place[] = [];
  const chosen = references.flatMap((reference, index) => {
    const found = offered.filter(
      ({ feature: { name, group } }) => reference === name || reference === `${group}:${name}`,
    );
    const [first] = found;
    const at = `features.${index}`;
    if (!first) {
      unknown.push({ at, problem: `no model of these entities has a feature "${reference}"` });
      return [];
    }
    if (found.some(({ feature }) => feature.meaning !== first.feature.meaning)) {
      const names = found.map(({ of, feature }) => `${feature.group}:${feature.name} of ${of.model}`);
      ambiguous.push({ at, problem: `"${reference}" may be ${names.join(' or ')}: name a feature_service` });
      return [];
    }
    return [first];
  });
  refuse('UNKNOWN_FEATURE', unknown);
  refuse('INVALID_REQUEST', ambiguous);
  return named(chosen, fullNames);
}

function named(chosen: readonly Omit<ChosenFeature, 'name'>[], fullNames: boolean): ChosenFeature[] {
  const seen = new Set<string>();
  return chosen.map(({ of, feature }, index) => {
    const name = fullNames ? `${feature.group}__${feature.name}` : feature.name;
    if (seen.has(name)) {
      refuse('INVALID_REQUEST', [
        { at: `features.${index}`, problem: `${name} comes twice; ask for full_feature_names` },
      ]);
    }
    seen.add(name);
    return { of, feature, name };
  });
}

function refuse(code: 'UNKNOWN_FEATURE' | 'INVALID_REQUEST', places: readonly Place[]): void {
  const [first] = places;
  if (!first) return;
  const more = places.length > 1 ? ` (and ${places.length - 1} more)` : '';
  throw new TidegateError(code, `${first.at}: ${first.problem}${more}`, { places });
}
