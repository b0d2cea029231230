// The page of a version: its evidence, comments and the decision.
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type RefusedDecision, versionPage } from '../../console/pages/version/version-page.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { cardInMarkdown } from '../../domain/decisions/card/card-in-markdown.ts';
import { modelCard } from '../../domain/decisions/card/model-card.ts';
import { TidegateError } from '../../domain/errors.ts';
import { featuresOf } from '../../domain/model/define-model.ts';
import { cardFacts } from '../../store/card-facts.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { addComment } from '../../store/registry/facts.ts';
import { type SendDecision } from '../context/send-decision.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { modelParams, wholeNumber } from '../schemas/common.ts';
import { factText, reasonText } from '../schemas/written-text.ts';
import { sendPage } from './reply.ts';
import { versionRecord } from './version-record.ts';

const params = modelParams.extend({ version: wholeNumber(2 ** 31 - 1) });

const csrf = z.string().optional();

const decisionForm = z.object({
  csrf,
  evidenceDigest: z.string().regex(/^[0-9a-f]{64}$/),
  decision: z.enum(['approve', 'reject']),
  comment: z.string().max(20_000).default(''),
});

const commentForm = z.object({
  csrf,
  text: factText.refine((text) => text.trim() !== '', 'must not be blank'),
});

/** Pages below `/ui/models/:model/versions/:version`. */
export function versionPages(app: App, deps: ApiDeps, send: SendDecision): void {
  const { database } = deps;
  const path = '/ui/models/:model/versions/:version';

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { model, version }: z.output<typeof params>,
    refused?: RefusedDecision,
    status = 200,
  ): Promise<FastifyReply> => {
    const record = await versionRecord(database, request.caller, model, version);
    return sendPage(deps, request, reply, (frame) => versionPage(record, frame, refused), status);
  };

  app.get(path, { schema: { hide: true, params } }, (request, reply) => show(request, reply, request.params));

  app.post(
    `${path}/decision`,
    { schema: { hide: true, params, body: decisionForm } },
    async (request, reply) => {
      const { model, version } = request.params;
      const { evidenceDigest, decision } = request.body;
      // A browser sends line breaks as CR LF.
      const comment = request.body.comment.replaceAll('\r\n', '\n').trim();
      try {
        if (decision === 'reject' && comment === '')
          throw new TidegateError('INVALID_REQUEST', 'a rejection needs a comment', {
            remedy: 'Say why, and reject again.',
          });
        const { success, error } = reasonText.safeParse(comment);
        if (!success)
          throw new TidegateError(
            'INVALID_REQUEST',
            `the comment ${error.issues[0]?.message ?? 'cannot be stored'}`,
            {
              remedy: 'Change the comment, and send it again.',
            },
          );
        await send(request, model, { version, evidenceDigest, decision, comment });
      } catch (error) {
        if (!(error instanceof TidegateError) || error.status >= 500) throw error;
        const { message, remedy, status } = error;
        return show(request, reply, request.params, { message, remedy, comment }, status);
      }
      return reply.redirect(`${request.url.replace(/\/decision(\?.*)?$/, '')}#history`, 303);
    },
  );

  app.post(
    `${path}/comments`,
    { schema: { hide: true, params, body: commentForm } },
    async (request, reply) => {
      const { caller, params: subject } = request;
      const authority = caller.via === 'off' ? 'unverified' : caller.via;
      const text = request.body.text.replaceAll('\r\n', '\n');
      await addComment(database, subject, { text, actor: caller.name, authority });
      return reply.redirect(`${request.url.replace(/\/comments(\?.*)?$/, '')}#history`, 303);
    },
  );

  app.get(
    `${path}/card.md`,
    { schema: { hide: true, params } },
    async ({ params: { model, version } }, reply) => {
      const facts = await cardFacts(database, model, version);
      const card = modelCard(
        facts,
        featuresOf(facts.definition).map(({ name }) => name),
      );
      return attach(
        reply,
        `${model}-${version}-card.md`,
        'text/markdown; charset=utf-8',
        cardInMarkdown(card),
      );
    },
  );

  app.get(
    `${path}/evidence.json`,
    { schema: { hide: true, params } },
    async ({ params: { model, version } }, reply) => {
      const evidence = await findEvidence(database, model, version);
      if (!evidence)
        throw new TidegateError('UNKNOWN_VERSION', `version ${version} of ${model} has no evidence`);
      // As it was digested: SHA-256 of these bytes is the digest.
      return attach(
        reply,
        `${model}-${version}-evidence.json`,
        'application/json',
        canonicalJson(evidence.body),
      );
    },
  );
}

/** Sends a file that browsers keep and do not show. */
export const attach = (reply: FastifyReply, name: string, type: string, text: string): FastifyReply =>
  reply
    .headers({
      'content-type': type,
      'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .serializer(String)
    .send(text);
