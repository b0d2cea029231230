// Lists notifications with the log of their deliveries, and sends one once more.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { may } from '../../domain/identity/caller.ts';
import { listModels } from '../../store/definitions/definitions.ts';
import { requestReplay } from '../../store/registry/notice-requests.ts';
import {
  type Delivery,
  DELIVERY_STATES,
  getNotification,
  listNotifications,
  type NotificationEntry,
} from '../../store/registry/notifications.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, storableText } from '../schemas/common.ts';

const MAX_LISTED = 1_000;

const status = z.enum(['delivered', 'failed', 'refused']);
const entry = {
  id: z.string().describe('The id of the event, the same each time it is sent'),
  type: z.string(),
  model: z.string().describe('Empty if the event is about the whole installation'),
  at: instant,
};

const listed = z.object({
  ...entry,
  state: z.enum(DELIVERY_STATES),
  targets: z
    .array(z.object({ target: z.string(), status, attempt: z.int(), error: z.string().nullable() }))
    .describe('The last attempt for each target'),
});

const delivery = z.object({
  target: z.string(),
  runId: z.string().describe('The run that sent it; a replay is a run of its own'),
  attempt: z.int(),
  status,
  responseCode: z.int().nullable(),
  error: z.string().nullable(),
  latencyMs: z.int(),
  nextAttemptAt: instant.nullable(),
  at: instant,
});

const shown = z.object({
  ...entry,
  event: z.record(z.string(), z.unknown()).describe('The CloudEvent as it was sent'),
  deliveries: z.array(delivery).describe('Every attempt, the oldest first'),
  replays: z.array(
    z.object({
      requestedBy: z.string(),
      at: instant,
      startedAt: instant.nullable().describe('When a worker took it; null while it waits'),
    }),
  ),
});

const params = z.object({ id: storableText(100).min(1) });

const entryAnswer = ({ at, ...rest }: NotificationEntry): z.infer<typeof listed> => ({
  ...rest,
  at: at.toISOString(),
});

const deliveryAnswer = ({ at, nextAttemptAt, ...rest }: Delivery): z.infer<typeof delivery> => ({
  ...rest,
  nextAttemptAt: nextAttemptAt && nextAttemptAt.toISOString(),
  at: at.toISOString(),
});

/** `GET /notifications`, `GET /notifications/:id` and `POST /notifications/:id/replay`. */
export function notificationRoutes(app: App, { database }: ApiDeps): void {
  app.get(
    '/notifications',
    {
      schema: {
        tags: ['notifications'],
        summary:
          'The newest notifications about models that the caller may see, and how their delivery stands',
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(50),
          model: storableText(200).min(1).optional(),
          state: z.enum(DELIVERY_STATES).optional(),
        }),
        response: { 200: z.object({ notifications: z.array(listed) }), ...errorResponses },
      },
    },
    async ({ caller, query: { model, ...filter } }) => {
      const isForAll = may(caller, 'viewer', null);
      const visible = isForAll
        ? undefined
        : (await listModels(database)).filter((name) => may(caller, 'viewer', name));
      const models =
        model === undefined ? visible : [model].filter((name) => visible?.includes(name) ?? true);
      const found = await listNotifications(database, { ...filter, models });
      return { notifications: found.map(entryAnswer) };
    },
  );

  app.get(
    '/notifications/:id',
    {
      schema: {
        tags: ['notifications'],
        summary: 'A notification as it was sent, with every attempt to deliver it',
        params,
        response: { 200: shown, ...errorResponses },
      },
    },
    async ({ caller, params: { id } }) => {
      const { at, event, deliveries, replays, ...found } = await getNotification(database, id);
      if (!may(caller, 'viewer', found.model === '' ? null : found.model))
        throw new TidegateError('FORBIDDEN', `${caller.name} may not see what notification ${id} is about`);
      return {
        ...found,
        at: at.toISOString(),
        event: { ...event },
        deliveries: deliveries.map(deliveryAnswer),
        replays: replays.map((replay) => ({
          requestedBy: replay.requestedBy,
          at: replay.at.toISOString(),
          startedAt: replay.startedAt && replay.startedAt.toISOString(),
        })),
      };
    },
  );

  app.post(
    '/notifications/:id/replay',
    {
      schema: {
        tags: ['notifications'],
        summary: 'Send a notification once more to every target, with the same id and the same bytes',
        description:
          'A worker sends it as soon as Temporal answers; GET /notifications/:id shows the attempts.',
        params,
        response: { 200: z.object({ id: z.string(), requestedBy: z.string() }), ...errorResponses },
      },
    },
    async ({ caller, params: { id } }) => {
      await requestReplay(database, id, caller.name);
      return { id, requestedBy: caller.name };
    },
  );
}
