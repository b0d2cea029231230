// Finds models and versions by a filter over their names, stages, tags and other facts.
import { parseFilter, satisfies } from '../../domain/registry/filter.ts';
import { type Database } from '../postgres/database.ts';
import { type FactsIndex, readFacts } from './facts.ts';

/**
 * Returns the names of the models that satisfy a filter, in order. Stage, version and trainer are satisfied by any version
 * of the model; tags and description are those of the model itself.
 *
 * @throws TidegateError INVALID_REQUEST if the filter cannot be read
 * @example await searchModels(database, "tags.team = 'growth' AND stage = 'Staging'")
 */
export async function searchModels(database: Database, filter: string): Promise<string[]> {
  const comparisons = parseFilter(filter);
  const models = await database.kysely.selectFrom('tidegate.model').select('name').orderBy('name').execute();
  const versions = await versionsOf(database);
  const facts = await readFacts(database);
  return models
    .map(({ name }) => name)
    .filter((name) => {
      const own = versions.filter(({ model }) => model === name);
      return satisfies(searched(facts, name, null, own), comparisons);
    });
}

/** Returns the versions of a model that satisfy a filter. @throws TidegateError INVALID_REQUEST as {@link searchModels} */
export async function searchVersions(
  database: Database,
  model: string,
  filter: string,
): Promise<ReadonlySet<number>> {
  const comparisons = parseFilter(filter);
  const facts = await readFacts(database, model);
  const found = (await versionsOf(database, model)).filter((each) =>
    satisfies(searched(facts, model, each.version, [each]), comparisons),
  );
  return new Set(found.map(({ version }) => version));
}

interface VersionFacts {
  readonly model: string;
  readonly version: number;
  readonly stage: string;
  readonly trainer: string;
}

const versionsOf = ({ kysely }: Database, model?: string): Promise<VersionFacts[]> =>
  kysely
    .selectFrom('tidegate.version')
    .select(['model', 'version', 'stage', 'trainer'])
    .$if(model !== undefined, (query) => query.where('model', '=', model!))
    .execute();

const searched = (
  facts: FactsIndex,
  name: string,
  version: number | null,
  versions: readonly VersionFacts[],
) => ({
  name,
  ...facts.of({ model: name, version }),
  stages: versions.map(({ stage }) => stage),
  versions: versions.map((each) => each.version),
  trainers: versions.map(({ trainer }) => trainer),
});
