// Lists models, their features, and the versions that API processes serve.
import { z } from 'zod';
import { may } from '../../domain/identity/caller.ts';
import { featuresOf, sourceColumnsOf } from '../../domain/model/define-model.ts';
import { derivationsOf } from '../../domain/model/derivation.ts';
import { formulaOf } from '../../domain/model/derived/operators.ts';
import { getDefinition, listModels } from '../../store/definitions/definitions.ts';
import { type FactsIndex, readFacts } from '../../store/registry/facts.ts';
import { listHeldVersions } from '../../store/registry/instances.ts';
import { searchModels } from '../../store/registry/search.ts';
import { findStop } from '../../store/registry/serving-changes.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, filterQuery, instant, modelParams } from '../schemas/common.ts';

const model = z.object({
  name: z.string(),
  definitionVersion: z
    .int()
    .describe('The newest definition; each version keeps the one it was trained with'),
  entity: z.object({ name: z.string(), keys: z.array(z.string()) }),
  production: z.int().nullable().describe('Version in Production'),
  staging: z.int().nullable().describe('Version that waits for a decision in Staging'),
  tags: z.record(z.string(), z.string()),
  description: z.string(),
  aliases: z
    .record(z.string(), z.int())
    .describe('Versions by alias; champion and challenger follow the stages'),
});

const modelWithFeatures = model.extend({
  features: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['numeric', 'count', 'category', 'flag']),
      min: z.number().optional(),
      max: z.number().optional(),
      values: z.array(z.string()).readonly().optional(),
      formula: z.string().optional().describe('How a derived feature is computed; a request cannot send it'),
    }),
  ),
  inputs: z
    .array(z.object({ name: z.string(), type: z.enum(['numeric', 'count', 'category', 'flag', 'instant']) }))
    .describe(
      'Columns that derived features use but that are not features themselves; a request may send them',
    ),
  instances: z
    .array(
      z.object({
        instance: z.string(),
        version: z.int(),
        state: z.enum(['prepared', 'serving', 'failed']),
        problem: z.string().nullable(),
        since: instant,
      }),
    )
    .describe('The versions of the model in each running API process'),
  stopped: z
    .object({ since: instant, actor: z.string(), authority: z.string(), reason: z.string() })
    .nullable()
    .describe('Who stopped its predictions and why; null if they are not stopped'),
});

/** `GET /models` and `GET /models/:model`. */
export function modelRoutes(app: App, { database }: ApiDeps): void {
  const describe = async (name: string, facts?: FactsIndex) => {
    const known = facts ?? (await readFacts(database, name));
    const { tags, description } = known.of({ model: name, version: null });
    const [{ definition, version }, production, staging] = await Promise.all([
      getDefinition(database, name),
      findVersionIn(database, name, 'Production'),
      findVersionIn(database, name, 'Staging'),
    ]);
    const summary = {
      name,
      definitionVersion: version,
      entity: definition.entity,
      production: production?.version ?? null,
      staging: staging?.version ?? null,
      tags,
      description,
      aliases: known.aliasesOf(name),
    };
    return { summary, definition };
  };

  app.get(
    '/models',
    {
      schema: {
        tags: ['models'],
        summary: 'All models that the caller may see, or those that satisfy a filter',
        querystring: filterQuery,
        response: { 200: z.object({ models: z.array(model) }), ...errorResponses },
      },
    },
    async ({ caller, query: { filter } }) => {
      const found = filter === undefined ? await listModels(database) : await searchModels(database, filter);
      const names = found.filter((name) => may(caller, 'viewer', name));
      const facts = await readFacts(database);
      const models = await Promise.all(names.map((name) => describe(name, facts)));
      return { models: models.map(({ summary }) => summary) };
    },
  );

  app.get(
    '/models/:model',
    {
      schema: {
        tags: ['models'],
        summary: 'One model, its features and the processes that serve it',
        params: modelParams,
        response: { 200: modelWithFeatures, ...errorResponses },
      },
    },
    async ({ params }) => {
      const { summary, definition } = await describe(params.model);
      const formulas = new Map(derivationsOf(definition).map(({ name, spec }) => [name, formulaOf(spec)]));
      const held = await listHeldVersions(database, params.model);
      const stop = await findStop(database, params.model);
      return {
        ...summary,
        features: featuresOf(definition).map(({ name, spec }) => ({
          name,
          ...spec,
          ...(formulas.has(name) && { formula: formulas.get(name) }),
        })),
        inputs: sourceColumnsOf(definition)
          .filter(({ spec }) => spec.inputOnly)
          .map(({ name, spec: { type } }) => ({ name, type })),
        stopped: stop
          ? {
              since: stop.at.toISOString(),
              actor: stop.actor,
              authority: stop.authority,
              reason: stop.reason,
            }
          : null,
        instances: held.map(({ since, ...state }) => ({ ...state, since: since.toISOString() })),
      };
    },
  );
}
