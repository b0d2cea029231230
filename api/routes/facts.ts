// What people write about models and versions: tags, descriptions, aliases, and comments beside a request for approval.
import { z } from 'zod';
import { MAX_FACTS } from '../../domain/registry/facts.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import {
  addComment,
  listComments,
  readFacts,
  setAlias,
  setDescription,
  setTags,
  type VersionComment,
} from '../../store/registry/facts.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, modelParams, wholeNumber } from '../schemas/common.ts';
import { aliasName, factText, tagKey } from '../schemas/written-text.ts';

const MAX_VERSION = 2 ** 31 - 1;
const version = z.int().min(1).max(MAX_VERSION);
const versionParams = modelParams.extend({ version: wholeNumber(MAX_VERSION) });

const facts = z.object({
  tags: z.record(z.string(), z.string()),
  description: z.string(),
  aliases: z.array(z.string()).readonly().describe('champion and challenger follow the stages'),
});

const comment = z.object({
  id: z.int(),
  text: z.string(),
  actor: z.string(),
  authority: z.string().describe('How the actor was established; unverified if nobody was authenticated'),
  at: instant,
});

const answerOf = ({ at, ...rest }: VersionComment): z.infer<typeof comment> => ({
  ...rest,
  at: at.toISOString(),
});

/** The routes under `/models/:model` that set and list what people write. */
export function factRoutes(app: App, { database }: ApiDeps): void {
  const tags = ['registry'];
  const factsOf = async (model: string, of: number | null) =>
    (await readFacts(database, model)).of({ model, version: of });

  app.post(
    '/models/:model/tags',
    {
      schema: {
        tags,
        summary: 'Set tags of a model or version, or remove those whose value is null',
        params: modelParams,
        body: z
          .strictObject({
            version: version.optional().describe('The version; the model itself if absent'),
            tags: z
              .record(tagKey, factText.nullable())
              .refine(
                (record) => Object.keys(record).length <= MAX_FACTS,
                `must be at most ${MAX_FACTS} tags`,
              ),
          })
          .meta({ examples: [{ tags: { team: 'growth' } }] }),
        response: { 200: facts, ...errorResponses },
      },
    },
    async ({ params: { model }, body, caller }) => {
      const subject = { model, version: body.version ?? null };
      await setTags(database, subject, body.tags, caller.name);
      return factsOf(model, subject.version);
    },
  );

  app.post(
    '/models/:model/description',
    {
      schema: {
        tags,
        summary: 'Describe a model or version; an empty text removes the description',
        params: modelParams,
        body: z
          .strictObject({
            version: version.optional().describe('The version; the model itself if absent'),
            description: factText,
          })
          .meta({ examples: [{ description: 'who will cancel within a month' }] }),
        response: { 200: facts, ...errorResponses },
      },
    },
    async ({ params: { model }, body, caller }) => {
      const subject = { model, version: body.version ?? null };
      await setDescription(database, subject, body.description, caller.name);
      return factsOf(model, subject.version);
    },
  );

  app.post(
    '/models/:model/aliases',
    {
      schema: {
        tags,
        summary:
          'Point an alias to a version, or remove it with null; champion and challenger follow the stages',
        params: modelParams,
        body: z
          .strictObject({ alias: aliasName, version: version.nullable() })
          .meta({ examples: [{ alias: 'shadow', version: 2 }] }),
        response: {
          200: z.object({ aliases: z.record(z.string(), z.int()) }),
          ...errorResponses,
        },
      },
    },
    async ({ params: { model }, body, caller }) => {
      await setAlias(database, model, body.alias, body.version, caller.name);
      return { aliases: (await readFacts(database, model)).aliasesOf(model) };
    },
  );

  app.get(
    '/models/:model/versions/:version/comments',
    {
      schema: {
        tags,
        summary: 'The comments on a version, oldest first',
        params: versionParams,
        response: { 200: z.object({ comments: z.array(comment) }), ...errorResponses },
      },
    },
    async ({ params }) => {
      await getDefinition(database, params.model);
      await getVersion(database, params.model, params.version);
      return { comments: (await listComments(database, params.model, params.version)).map(answerOf) };
    },
  );

  app.post(
    '/models/:model/versions/:version/comments',
    {
      schema: {
        tags,
        summary: 'Comment on a version, beside the request for its approval; a comment decides nothing',
        params: versionParams,
        body: z
          .strictObject({ text: factText.refine((text) => text.trim() !== '', 'must not be blank') })
          .meta({ examples: [{ text: 'the new fee table explains the drift' }] }),
        response: { 200: comment, ...errorResponses },
      },
    },
    async ({ params, body, caller }) => {
      const authority = caller.via === 'off' ? 'unverified' : caller.via;
      return answerOf(await addComment(database, params, { text: body.text, actor: caller.name, authority }));
    },
  );
}
