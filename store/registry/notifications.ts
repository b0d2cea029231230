// Notifications and the log of their deliveries.
import { type Insertable, sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type CloudEvent, type NotificationFacts } from '../../domain/notifications.ts';
import { type Database } from '../postgres/database.ts';
import { type Row, type Tables } from '../postgres/tables.ts';

/** One attempt to deliver a notification to a target. */
export type Delivery = Omit<Row<'tidegate.notification_delivery'>, 'id' | 'notificationId'>;

/**
 * How the delivery of a notification stands: no worker has taken it yet; a target does not have it and another attempt is
 * due; every target has it; a target refused it, or there is no further attempt.
 */
export const DELIVERY_STATES = ['waiting', 'trying', 'delivered', 'failed'] as const;

/** One of {@link DELIVERY_STATES}. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A notification, and how its delivery stands. */
export interface NotificationEntry extends Omit<Row<'tidegate.notification'>, 'body'> {
  readonly state: DeliveryState;
  /** One line for each target: its last attempt. */
  readonly targets: Pick<Delivery, 'target' | 'status' | 'attempt' | 'error'>[];
}

/** Stores a notification; keeps the one that is stored under its id already. @returns the body that is stored */
export async function keepNotification(
  { kysely }: Pick<Database, 'kysely'>,
  notification: Insertable<Tables['tidegate.notification']>,
): Promise<string> {
  await kysely
    .insertInto('tidegate.notification')
    .values(notification)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const { body } = await kysely
    .selectFrom('tidegate.notification')
    .select('body')
    .where('id', '=', notification.id)
    .executeTakeFirstOrThrow();
  return body;
}

/** Returns the targets that need no further attempt of a run: they have the notification, or were refused. */
export async function settledTargets(
  { kysely }: Pick<Database, 'kysely'>,
  id: string,
  runId: string,
): Promise<Set<string>> {
  const rows = await kysely
    .selectFrom('tidegate.notification_delivery')
    .select('target')
    .where('notificationId', '=', id)
    .where('runId', '=', runId)
    .where('status', 'in', ['delivered', 'refused'])
    .execute();
  return new Set(rows.map(({ target }) => target));
}

/** Records one attempt. */
export async function recordDelivery(
  { kysely }: Pick<Database, 'kysely'>,
  delivery: Omit<Row<'tidegate.notification_delivery'>, 'id' | 'at'>,
): Promise<void> {
  await kysely.insertInto('tidegate.notification_delivery').values(delivery).execute();
}

/** Which notifications to list. */
export interface NotificationFilter {
  /** At most this many. */
  readonly limit: number;
  /** Those about these models; the empty name stands for the installation. @default all */
  readonly models?: readonly string[] | undefined;
  /** Those in this state. @default all */
  readonly state?: DeliveryState | undefined;
}

/** Returns notifications, the newest first, those that no worker has taken yet included. */
export async function listNotifications(
  { kysely }: Pick<Database, 'kysely'>,
  { limit, models, state }: NotificationFilter,
): Promise<NotificationEntry[]> {
  const entries = kysely
    .with('sent', (db) =>
      db
        .selectFrom('tidegate.notification')
        .select(['id', 'type', 'model', 'at'])
        .unionAll(
          db
            .selectFrom('tidegate.notice_request as request')
            .select(['eventId as id', 'type', 'model', 'at'])
            .where('facts', 'is not', null)
            .where('startedAt', 'is', null)
            .where(
              sql<boolean>`not exists (select from tidegate.notification known where known.id = request.event_id)`,
            ),
        ),
    )
    .selectFrom('sent')
    .leftJoinLateral(
      sql<Pick<NotificationEntry, 'state' | 'targets'>>`(
        select
          coalesce(json_agg(json_build_object(
            'target', target, 'status', status, 'attempt', attempt, 'error', error) order by target), '[]') as targets,
          case
            when count(*) = 0 then 'waiting'
            when bool_and(status = 'delivered') then 'delivered'
            when bool_or(status = 'refused' or (status = 'failed' and next_attempt_at is null)) then 'failed'
            else 'trying'
          end as state
        from (
          select distinct on (target) target, status, attempt, error, next_attempt_at
          from tidegate.notification_delivery
          where notification_id = sent.id
          order by target, id desc
        ) as last
      )`.as('delivery'),
      (join) => join.onTrue(),
    )
    .select(['sent.id', 'sent.type', 'sent.model', 'sent.at', 'delivery.targets', 'delivery.state'])
    .orderBy('sent.at', 'desc')
    .orderBy('sent.id')
    .limit(limit)
    .$if(models !== undefined, (query) => query.where('sent.model', '=', sql<string>`any(${models!})`))
    .$if(state !== undefined, (query) => query.where('delivery.state', '=', state!));
  const rows = await entries.execute();
  return rows.map((row) => ({ ...row, targets: row.targets ?? [], state: row.state ?? 'waiting' }));
}

/** A notification as it was sent, with every attempt and replay, the oldest first. */
export interface SentNotification extends Omit<Row<'tidegate.notification'>, 'body'> {
  readonly event: CloudEvent;
  readonly deliveries: Delivery[];
  readonly replays: { readonly requestedBy: string; readonly at: Date; readonly startedAt: Date | null }[];
}

/** Returns a notification with the log of its deliveries. @throws TidegateError UNKNOWN_NOTIFICATION */
export async function getNotification(
  { kysely }: Pick<Database, 'kysely'>,
  id: string,
): Promise<SentNotification> {
  const found = await kysely
    .selectFrom('tidegate.notification')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (!found) throw new TidegateError('UNKNOWN_NOTIFICATION', `no notification has the id ${excerpt(id)}`);
  const deliveries = await kysely
    .selectFrom('tidegate.notification_delivery')
    .select(['target', 'runId', 'attempt', 'status', 'responseCode', 'error', 'latencyMs'])
    .select(['nextAttemptAt', 'at'])
    .where('notificationId', '=', id)
    .orderBy('id')
    .execute();
  const replays = await kysely
    .selectFrom('tidegate.notice_request')
    .select(['requestedBy', 'at', 'startedAt'])
    .where('eventId', '=', id)
    .where('requestedBy', 'is not', null)
    .$narrowType<{ requestedBy: string }>()
    .orderBy('id')
    .execute();
  const { body, ...notification } = found;
  return { ...notification, event: JSON.parse(body) as CloudEvent, deliveries, replays };
}

/** Returns what a notification that was sent says; undefined if there is none with this id. */
export async function findFacts(
  { kysely }: Pick<Database, 'kysely'>,
  id: string,
): Promise<NotificationFacts | undefined> {
  const found = await kysely
    .selectFrom('tidegate.notification')
    .select('body')
    .where('id', '=', id)
    .executeTakeFirst();
  return found && (JSON.parse(found.body) as CloudEvent).data;
}

/** Deletes notifications that are older, with the log of their deliveries. */
export async function deleteNotifications(
  { kysely }: Pick<Database, 'kysely'>,
  olderThan: Date,
): Promise<void> {
  await kysely.deleteFrom('tidegate.notification').where('at', '<', olderThan).execute();
  await kysely
    .deleteFrom('tidegate.notice_request')
    .where('at', '<', olderThan)
    .where('startedAt', 'is not', null)
    .execute();
}
