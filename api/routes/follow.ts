// Follows a run: a line of JSON for each step, for each trouble that keeps it from making progress, and for its result.
import { PassThrough } from 'node:stream';
import { type FastifyReply } from 'fastify';
import { z } from 'zod';
import { errorAtPlaces } from '../../domain/errors.ts';
import { explainError } from '../../operations/explain-error.ts';
import { followRelease } from '../../operations/follow-release.ts';
import { followToEnd, type Say } from '../../operations/follow-run.ts';
import { followMonitor, followToApproval } from '../../operations/follow-to-approval.ts';
import { type OperationServices } from '../../operations/services.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import {
  type MaterializeResult,
  materializeStateQuery,
  type RollbackResult,
  workflowIds,
} from '../../workflows/protocol/messages.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import { type FollowLine, followQuery } from '../schemas/operations.ts';
import { operate } from './operations.ts';

/** How a run is followed. */
interface Following {
  readonly model: string;
  readonly say: Say;
  readonly warn: Say;
  readonly signal: AbortSignal;
}

/** A line break is sent this often, in milliseconds, so that no proxy takes a long step for a dead connection. */
const KEEP_ALIVE_MS = 10_000;

/** `GET /models/:model/follow`. */
export function followRoute(app: App, deps: ApiDeps): void {
  app.get(
    '/models/:model/follow',
    {
      schema: {
        tags: ['operations'],
        summary: 'Follow a run until it has ended',
        description:
          'Answers with lines of JSON: {"step"} and {"trouble"} as they happen, then one {"result"} or {"error"}. ' +
          'Ending the request ends the wait, and not the run.',
        params: modelParams,
        querystring: followQuery,
        response: { 200: z.string().describe('Lines of JSON'), ...errorResponses },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const { run, retrainId, version } = request.query;
      await getDefinition(deps.database, model);
      if (run === 'retrain' && retrainId === undefined) throw missing('retrainId', 'a retrain');
      if (run === 'release' && version === undefined) throw missing('version', 'a release');
      await operate(deps, (services) => {
        const follow = (following: Following): Promise<unknown> =>
          run === 'retrain'
            ? followCandidate(services, retrainId!, following)
            : run === 'release'
              ? followRelease(services, model, version!, following.say, following.warn, following.signal)
              : followers[run](services, following);
        streamLines(reply, model, follow);
        return Promise.resolve();
      });
      return reply;
    },
  );
}

const missing = (field: string, of: string) =>
  errorAtPlaces('INVALID_REQUEST', [{ at: field, problem: `must be given to follow ${of}` }]);

const followers = {
  monitor: ({ client }: OperationServices, { model, say, warn, signal }: Following) =>
    followMonitor({ client }, client.workflow.getHandle(workflowIds.monitor(model)), say, warn, signal),
  materialize: ({ client }: OperationServices, { model, ...following }: Following) => {
    const run = client.workflow.getHandle(workflowIds.materialize(model));
    const step = async (): Promise<string> => (await run.query(materializeStateQuery)).step;
    return followToEnd<MaterializeResult>({ client, run, step, ...following });
  },
  rollback: ({ client }: OperationServices, { model, ...following }: Following) => {
    const run = client.workflow.getHandle(workflowIds.rollback(model));
    const step = (): Promise<string> => Promise.resolve(`rolling ${model} back`);
    return followToEnd<RollbackResult>({ client, run, step, ...following });
  },
};

/** Follows a retrain, and the validation of its candidate. */
async function followCandidate(
  services: OperationServices,
  retrainId: string,
  { model, say, signal }: Following,
): Promise<object> {
  const { retrain, evidence, isJudgementFailed } = await followToApproval(
    services,
    model,
    retrainId,
    say,
    signal,
  );
  const { outcome, reason, summary, candidateVersion } = retrain;
  return {
    retrainId,
    outcome,
    version: candidateVersion,
    reason,
    summary,
    evidenceDigest: evidence?.digest ?? null,
    isJudgementFailed,
  };
}

/** Sends what `follow` reports as lines of JSON; ends the wait if the client goes away. */
function streamLines(
  reply: FastifyReply,
  model: string,
  follow: (following: Following) => Promise<unknown>,
): void {
  const gone = new AbortController();
  const lines = new PassThrough();
  const write = (line: FollowLine): void => void lines.write(`${JSON.stringify(line)}\n`);
  const alive = setInterval(() => lines.write('\n'), KEEP_ALIVE_MS);
  lines.on('close', () => gone.abort(new Error('the client went away')));
  follow({
    model,
    say: (step) => write({ step: step.trim() }),
    warn: (trouble) => write({ trouble: trouble.trim() }),
    signal: gone.signal,
  })
    .then(
      (result) => write({ result }),
      (error: unknown) => {
        if (gone.signal.aborted) return;
        const { code, message, remedy, places } = explainError(error);
        write({ error: { code, message, remedy, ...(places.length > 0 && { places: [...places] }) } });
      },
    )
    .finally(() => {
      clearInterval(alive);
      lines.end();
    });
  void reply.type('application/x-ndjson; charset=utf-8').send(lines);
}
