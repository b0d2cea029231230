// What a model keeps from its first version on: entity keys, label and holdout.
import { type Kysely } from 'kysely';
import { differencesOf, valueInWords } from '../../domain/model/differences.ts';
import { holdoutSchema, type ModelDefinition } from '../../domain/model/definition.ts';
import { labelSchema } from '../../domain/model/schema/label-schema.ts';
import { type Place, TidegateError } from '../../domain/errors.ts';
import { type Tables } from '../tables.ts';

/** The fixed parts of a model, as its row holds them. */
export interface FixedParts {
  readonly entity_keys: readonly string[];
  readonly label: unknown;
  readonly holdout: unknown;
}

/**
 * Holds a definition to the entity keys, label and holdout of the model's versions, which are compared on one holdout by
 * one label. Before the first version, and while none is being trained, they may still be corrected: the model then
 * takes those of the definition.
 *
 * @param transaction holds the lock on the model's row
 * @throws TidegateError DEFINITION_CONFLICT naming each field with what it was and what it would become
 */
export async function keepFixedParts(
  transaction: Kysely<Tables>,
  model: FixedParts & { readonly name: string },
  definition: ModelDefinition,
): Promise<void> {
  const before = { keys: model.entity_keys, ...meaningOf(model.label, model.holdout, model.entity_keys) };
  const now = {
    keys: definition.entity.keys,
    ...meaningOf(definition.label, definition.holdout, definition.entity.keys),
  };
  const changed = differencesOf(before, now);
  if (changed.length === 0) return;
  const fixedBy = await fixedBecause(transaction, model.name);
  if (fixedBy === undefined) {
    await transaction
      .updateTable('tidegate.model')
      .set({
        entity_keys: JSON.stringify(definition.entity.keys),
        label: JSON.stringify(definition.label),
        holdout: JSON.stringify(definition.holdout),
      })
      .where('name', '=', model.name)
      .execute();
    return;
  }
  const places = changed.map((difference): Place => {
    const at = difference.at === 'keys' ? 'entity.keys' : difference.at;
    const problem = `was ${valueInWords(difference.before)} and cannot become ${valueInWords(difference.now)}`;
    return { at, problem };
  });
  throw new TidegateError(
    'DEFINITION_CONFLICT',
    `${definition.name} ${fixedBy.words}: ${places.map(({ at, problem }) => `${at} ${problem}`).join('; ')}`,
    { places, remedy: fixedBy.remedy },
  );
}

/** Why the fixed parts of a model can no longer change; undefined while they can. */
async function fixedBecause(
  transaction: Kysely<Tables>,
  model: string,
): Promise<{ words: string; remedy: string } | undefined> {
  const version = await transaction
    .selectFrom('tidegate.version')
    .select('version')
    .where('model', '=', model)
    .limit(1)
    .executeTakeFirst();
  if (version) {
    return {
      words: 'has versions',
      remedy:
        `Take the change back, or apply it under another name (its versions are compared on one holdout by one label) ` +
        `and, once the new model serves, \`tidegate retire ${model} --by <you>\`.`,
    };
  }
  const retrain = await transaction
    .selectFrom('tidegate.retrain')
    .select('id')
    .where('model', '=', model)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return (
    retrain && {
      words: `is being trained (retrain ${retrain.id})`,
      remedy: 'Wait for the retrain to end, or cancel it, and apply again.',
    }
  );
}

/** Label and holdout with every default filled, so that one which is spelt out reads as one that is not. */
function meaningOf(label: unknown, holdout: unknown, keys: readonly string[]): object {
  const { cluster, ...rest } = holdoutSchema.parse(holdout);
  const isEntity = cluster === undefined || differencesOf(cluster, keys).length === 0;
  return { label: labelSchema.parse(label), holdout: { ...rest, ...(!isEntity && { cluster }) } };
}
