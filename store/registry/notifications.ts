// Notifications and the log of their deliveries.
import { type Insertable } from 'kysely';
import { type Database } from '../postgres/database.ts';
import { type Row, type Tables } from '../postgres/tables.ts';

/** One attempt to deliver a notification to a target. */
export type Delivery = Omit<Row<'tidegate.notification_delivery'>, 'id' | 'runId'>;

/** A notification with its deliveries, the oldest first. */
export interface NotificationEntry extends Omit<Row<'tidegate.notification'>, 'body'> {
  readonly deliveries: Omit<Delivery, 'notificationId'>[];
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

/** Returns the newest notifications with all attempts to deliver them, the newest first. @param limit at most this many */
export async function listNotifications(
  { kysely }: Pick<Database, 'kysely'>,
  limit: number,
): Promise<NotificationEntry[]> {
  const notifications = await kysely
    .selectFrom('tidegate.notification')
    .select(['id', 'type', 'model', 'at'])
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
  if (notifications.length === 0) return [];
  const deliveries = await kysely
    .selectFrom('tidegate.notification_delivery')
    .selectAll()
    .where(
      'notificationId',
      'in',
      notifications.map(({ id }) => id),
    )
    .orderBy('id')
    .execute();
  return notifications.map((notification) => ({
    ...notification,
    deliveries: deliveries
      .filter(({ notificationId }) => notificationId === notification.id)
      .map(({ target, attempt, status, responseCode, error, latencyMs, nextAttemptAt, at }) => {
        return { target, attempt, status, responseCode, error, latencyMs, nextAttemptAt, at };
      }),
  }));
}
