// What a model keeps for ever: entity keys, label and holdout, as they were when it was first applied.
import { differencesOf, valueInWords } from '../../domain/features/differences.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { holdoutSchema } from '../../domain/features/schema/holdout-schema.ts';
import { labelSchema } from '../../domain/features/schema/label-schema.ts';
import { type Place, TidegateError } from '../../domain/errors.ts';

/** The fixed parts of a model, as its row holds them. */
export interface FixedParts {
  readonly entity_keys: readonly string[];
  readonly label: unknown;
  readonly holdout: unknown;
}

/**
 * Refuses a definition whose entity keys, label or holdout mean anything else than those the model began with.
 *
 * @throws TidegateError DEFINITION_CONFLICT naming each field with what it was and what it would become
 */
export function refuseChangedParts(model: FixedParts, definition: ModelDefinition): void {
  const before = { keys: model.entity_keys, ...meaningOf(model.label, model.holdout, model.entity_keys) };
  const now = {
    keys: definition.entity.keys,
    ...meaningOf(definition.label, definition.holdout, definition.entity.keys),
  };
  const changed = differencesOf(before, now);
  if (changed.length === 0) return;
  const places = changed.map((difference): Place => {
    const at = difference.at === 'keys' ? 'entity.keys' : difference.at;
    const problem = `was ${valueInWords(difference.before)} when the model was first applied and cannot become ${valueInWords(difference.now)}`;
    return { at, problem };
  });
  throw new TidegateError(
    'DEFINITION_CONFLICT',
    `${definition.name}: ${places.map(({ at, problem }) => `${at} ${problem}`).join('; ')}`,
    {
      places,
      remedy:
        'Take the change back, or give the model another name: its versions are compared on one holdout by one label.',
    },
  );
}

/** Label and holdout with every default filled, so that one which is spelt out reads as one that is not. */
function meaningOf(label: unknown, holdout: unknown, keys: readonly string[]): object {
  const { cluster, ...rest } = holdoutSchema.parse(holdout);
  const isEntity = cluster === undefined || differencesOf(cluster, keys).length === 0;
  return { label: labelSchema.parse(label), holdout: { ...rest, ...(!isEntity && { cluster }) } };
}
