// The history of a model, and what was in Production at an instant.
import { z } from 'zod';
import { requirePast } from '../../domain/model/future-instant.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { readHistory, stateAt } from '../../store/registry/history.ts';
import { type ServingChange } from '../../store/registry/serving-changes.ts';
import { type Transition } from '../../store/registry/verify-chain.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, modelParams, stage } from '../schemas/common.ts';

const move = z.object({
  version: z.int(),
  from: stage,
  to: stage,
  reason: z.string(),
  detail: z.string(),
  actor: z.string(),
  authority: z.string(),
  evidenceDigest: z.string().nullable(),
  workflowId: z.string(),
  runId: z.string(),
  at: instant,
  selfApproved: z.boolean().describe('Whether somebody approved it who had requested the version'),
  breakGlass: z.boolean().describe('Whether an admin made it in an emergency'),
});

const change = z.object({
  stopped: z.boolean(),
  reason: z.string(),
  actor: z.string(),
  authority: z.string(),
  grantId: z.string().nullable(),
  at: instant,
});

const state = z.object({
  at: instant,
  production: move.nullable().describe('The version in Production, with the move that brought it there'),
  decisions: z
    .array(
      z.object({
        decision: z.enum(['approve', 'reject']),
        actor: z.string(),
        authority: z.string(),
        comment: z.string(),
        evidenceDigest: z.string(),
        at: instant,
        selfApproved: z.boolean(),
        breakGlass: z.boolean(),
      }),
    )
    .describe('The accepted decisions on that version until then'),
  stopped: change.nullable().describe('The stop in force; null if predictions were not stopped'),
  answeredBy: z
    .array(
      z.object({
        instance: z.string(),
        version: z.int(),
        predictions: z.int(),
        first: instant,
        last: instant,
      }),
    )
    .describe(
      'The API processes that logged predictions in the day before, with the versions they answered with',
    ),
});

const moveAnswer = ({ at, ...rest }: Transition): z.infer<typeof move> => ({ ...rest, at: at.toISOString() });
const changeAnswer = ({ at, ...rest }: ServingChange): z.infer<typeof change> => ({
  ...rest,
  at: at.toISOString(),
});

/** `GET /models/:model/history`. */
export function historyRoute(app: App, { database }: ApiDeps): void {
  app.get(
    '/models/:model/history',
    {
      schema: {
        tags: ['registry'],
        summary: 'Every stage move and every stop of predictions; with `at`, also the state at that instant',
        params: modelParams,
        querystring: z.strictObject({
          at: instant.optional().describe('Only what happened until then, and the state at that instant'),
        }),
        response: {
          200: z.object({ moves: z.array(move), serving: z.array(change), state: state.nullable() }),
          ...errorResponses,
        },
      },
    },
    async ({ params: { model }, query }) => {
      await getDefinition(database, model);
      const at = query.at === undefined ? undefined : new Date(query.at);
      if (at) requirePast('at', at);
      const { moves, serving } = await readHistory(database, model, at);
      const found = at && (await stateAt(database, model, at));
      return {
        moves: moves.map(moveAnswer),
        serving: serving.map(changeAnswer),
        state: found
          ? {
              at: found.at.toISOString(),
              production: found.production && moveAnswer(found.production),
              decisions: found.decisions.map(
                ({
                  decision,
                  actor,
                  authority,
                  comment,
                  evidenceDigest,
                  at: when,
                  selfApproved,
                  breakGlass,
                }) => ({
                  selfApproved,
                  breakGlass,
                  decision,
                  actor,
                  authority,
                  comment,
                  evidenceDigest,
                  at: when.toISOString(),
                }),
              ),
              stopped: found.stopped && changeAnswer(found.stopped),
              answeredBy: found.answeredBy.map(({ first, last, ...server }) => ({
                ...server,
                first: first.toISOString(),
                last: last.toISOString(),
              })),
            }
          : null,
      };
    },
  );
}
