// Puts an earlier version back into Production: by a run, or in one transaction if Temporal does not answer.
import { type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { startRollback } from '../../operations/start-runs.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { closeGrant } from '../../store/registry/grants.ts';
import { rollBack } from '../../store/registry/roll-back.ts';
import { type Author, authorOf } from '../context/granted.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import { rollbackBody, startedRun } from '../schemas/operations.ts';
import { operate } from './operations.ts';

/** How long Temporal may take to accept the run, in milliseconds, before the API rolls back itself. */
const START_WITHIN_MS = 3_000;

const WITHOUT_TEMPORAL: readonly string[] = ['TEMPORAL_UNREACHABLE', 'TEMPORAL_TIMEOUT', 'TEMPORAL_BUSY'];

const done = z.object({
  model: z.string(),
  from: z.int(),
  to: z.int(),
  summary: z.string(),
});

/** `POST /models/:model/rollback`. */
export function rollbackRoute(app: App, deps: ApiDeps): void {
  const { database } = deps;
  app.post(
    '/models/:model/rollback',
    {
      schema: {
        tags: ['operations'],
        summary: 'Put an earlier version back into Production',
        description:
          'Starts a run (202). If Temporal does not answer and the version is named, the API rolls back in one transaction (200); ' +
          'a run that Temporal starts later all the same finds that and changes nothing.',
        params: modelParams,
        body: rollbackBody,
        response: { 200: done, 202: startedRun, ...errorResponses },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const { toVersion, reason } = request.body;
      await getDefinition(database, model);
      const scope = { action: 'rollback', model, version: toVersion ?? null, evidenceDigest: null } as const;
      const author = await authorOf(database, request, scope, request.body);
      const answer = await putBack(deps, request, { model, toVersion, reason, author });
      return reply.status('workflowId' in answer ? 202 : 200).send(answer);
    },
  );
}

/** What to put back, why, and in whose name. */
interface PutBack {
  readonly model: string;
  /** The version to go back to; the previous champion if undefined. */
  readonly toVersion: number | undefined;
  readonly reason: string;
  readonly author: Author;
}

/**
 * Starts the run that puts an earlier version back into Production. If Temporal does not answer and the version is named,
 * rolls back in one transaction.
 */
export async function putBack(
  deps: ApiDeps,
  { id }: Pick<FastifyRequest, 'id'>,
  { model, toVersion, reason, author: { actor, authority, grantId } }: PutBack,
): Promise<z.infer<typeof done> | { model: string; workflowId: string }> {
  try {
    const { workflowId } = await operate(deps, (services) =>
      services.client.withDeadline(Date.now() + START_WITHIN_MS, () =>
        startRollback(services, {
          model,
          requestedBy: actor,
          reason,
          ...(toVersion !== undefined && { toVersion }),
          ...(grantId !== null && { grantId }),
        }),
      ),
    );
    return { model, workflowId };
  } catch (error) {
    const isDown = error instanceof TidegateError && WITHOUT_TEMPORAL.includes(error.code);
    if (!isDown && grantId !== null) await closeGrant(deps.database, grantId, String(error));
    if (!isDown || toVersion === undefined) throw error;
    deps.logger.warn(
      { err: error, model, toVersion },
      'Temporal does not answer: rolling back without a run',
    );
    const run = { workflowId: 'tidegate rollback', runId: id };
    const by = { actor, authority, grantId, evidenceDigest: null, ...run };
    const grants = grantId === null ? [] : [grantId];
    const { from, to } = await rollBack(deps.database, model, toVersion, by, reason, undefined, grants);
    const summary = `${model} went back from version ${from} to version ${to} without Temporal: ${reason}`;
    return { model, from, to, summary };
  }
}
