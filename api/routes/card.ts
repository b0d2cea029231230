// The model card of a version, as JSON or as Markdown.
import { z } from 'zod';
import { cardInMarkdown } from '../../domain/decisions/card/card-in-markdown.ts';
import { modelCard } from '../../domain/decisions/card/model-card.ts';
import { featuresOf } from '../../domain/model/define-model.ts';
import { cardFacts } from '../../store/card-facts.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, modelParams, wholeNumber } from '../schemas/common.ts';

/** `GET /models/:model/versions/:version/card`. */
export function cardRoute(app: App, { database }: ApiDeps): void {
  app.get(
    '/models/:model/versions/:version/card',
    {
      schema: {
        tags: ['models'],
        summary: 'The model card of a version: Markdown if `Accept` prefers text/markdown, otherwise JSON',
        description:
          'Built from stored results without computing anything again: data, performance with intervals and slices, leakage checks, ' +
          'the decision, drift at the time, limits and the approver.',
        params: modelParams.extend({ version: wholeNumber(2 ** 31 - 1) }),
        response: { 200: z.unknown().describe('The card'), ...errorResponses },
      },
    },
    async ({ params: { model, version }, headers }, reply) => {
      const facts = await cardFacts(database, model, version);
      const card = modelCard(
        facts,
        featuresOf(facts.definition).map(({ name }) => name),
      );
      reply.header('vary', 'accept');
      if (!prefersMarkdown(headers.accept)) return card;
      return reply.type('text/markdown; charset=utf-8').serializer(String).send(cardInMarkdown(card));
    },
  );
}

/** Whether the Accept header gives Markdown, or any text, a higher quality than JSON. */
function prefersMarkdown(accept = ''): boolean {
  const quality = (type: RegExp): number =>
    Math.max(
      0,
      ...accept
        .split(',')
        .map((range) => range.trim().toLowerCase())
        .filter((range) => type.test(range))
        .map((range) => Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1)),
    );
  return quality(/^text\/(markdown|\*)/) > quality(/^application\/(json|\*)/);
}
