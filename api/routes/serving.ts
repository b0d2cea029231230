// Stops and starts the predictions of a model.
import { z } from 'zod';
import { changeServing, changingServing } from '../../store/registry/serving-changes.ts';
import { withGrant } from '../context/granted.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, modelParams } from '../schemas/common.ts';
import { givenReason, requestedBy } from '../schemas/written-text.ts';

const body = z
  .strictObject({
    reason: givenReason,
    requestedBy,
  })
  .meta({ examples: [{ reason: 'complaints since noon' }] });

const answer = z.object({
  model: z.string(),
  stopped: z.boolean().describe('Whether predictions are refused now'),
  changed: z.boolean().describe('Whether this request changed that'),
  since: instant.nullable().describe('Since when; null if they were never stopped'),
  reason: z.string().nullable(),
  actor: z.string().nullable(),
});

/** `POST /models/:model/stop` and `POST /models/:model/start`. */
export function servingRoutes(app: App, { database, serving }: ApiDeps): void {
  const route = (action: 'stop' | 'start', summary: string): void => {
    app.post(
      `/models/:model/${action}`,
      {
        schema: {
          tags: ['serving'],
          summary,
          description:
            'Works without Temporal. Every API process follows within a second; the version stays in Production.',
          params: modelParams,
          body,
          response: { 200: answer, ...errorResponses },
        },
      },
      async (request) => {
        const { model } = request.params;
        const stopped = action === 'stop';
        const scope = { action, model, version: null, evidenceDigest: null };
        const { changed, change } = await withGrant(
          database,
          request,
          scope,
          request.body,
          (transaction, author) =>
            changeServing(transaction, { model, stopped, reason: request.body.reason, ...author }),
          (run) => changingServing(database, run),
        );
        // This process follows at once, so that the caller sees it in the next answer.
        await serving.stops.refresh();
        return {
          model,
          stopped,
          changed,
          since: change && new Date(change.at).toISOString(),
          reason: change?.reason ?? null,
          actor: change?.actor ?? null,
        };
      },
    );
  };
  route(
    'stop',
    'Stop the predictions of a model: they answer 503 MODEL_STOPPED until an operator starts them again',
  );
  route('start', 'Let a model that was stopped answer predictions again');
}
