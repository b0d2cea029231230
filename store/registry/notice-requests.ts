// What the worker is asked to notify people of. A request is stored in the transaction of its cause, so that neither exists
// without the other; a worker delivers it once Temporal answers.
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type NoticeEvent, type NotificationFacts, notificationType } from '../../domain/notifications.ts';
import { type Database } from '../postgres/database.ts';
import { type Row } from '../postgres/tables.ts';

/** What happened, for a notification. */
export interface NewNotice {
  readonly event: NoticeEvent;
  /** Empty if the event is about the whole installation. */
  readonly model: string;
  /** @default null */
  readonly version?: number | null;
  readonly message: string;
  /** The run in which it happened. @default none */
  readonly run?: { readonly workflowId: string; readonly runId: string };
  /** The id of the event. A second request with the same id does nothing. @default random */
  readonly id?: string;
}

/**
 * Asks the worker to notify people of an event.
 *
 * @param kysely the transaction of the cause
 * @example await requestNotice(transaction, { event: 'serving stopped', model: 'churn', message: 'ada stopped …' })
 */
export async function requestNotice(
  kysely: Database['kysely'],
  { event, model, version = null, message, run, id = randomUUID() }: NewNotice,
): Promise<void> {
  const facts: NotificationFacts = {
    event,
    model,
    version,
    message,
    at: new Date().toISOString(),
    workflowId: run?.workflowId ?? null,
    runId: run?.runId ?? null,
  };
  await kysely
    .insertInto('tidegate.notice_request')
    .values({ eventId: id, type: notificationType(facts), model, facts: JSON.stringify(facts) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/**
 * Asks the worker to send an event once more, with the same id and the same bytes, to every target.
 *
 * @throws TidegateError UNKNOWN_NOTIFICATION if no event that was sent has this id
 */
export async function requestReplay(
  { kysely }: Pick<Database, 'kysely'>,
  id: string,
  requestedBy: string,
): Promise<void> {
  const sent = await kysely
    .selectFrom('tidegate.notification')
    .select(['id', 'type', 'model'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!sent) throw new TidegateError('UNKNOWN_NOTIFICATION', `no notification has the id ${excerpt(id)}`);
  const { type, model } = sent;
  await kysely
    .insertInto('tidegate.notice_request')
    .values({ eventId: id, type, model, requestedBy })
    .execute();
}

/** A request that no run delivers yet. */
export type NoticeRequest = Pick<
  Row<'tidegate.notice_request'>,
  'id' | 'eventId' | 'type' | 'model' | 'facts'
>;

/** Returns the oldest requests for which no run was started. @param limit at most this many */
export const waitingRequests = (
  { kysely }: Pick<Database, 'kysely'>,
  limit: number,
): Promise<NoticeRequest[]> =>
  kysely
    .selectFrom('tidegate.notice_request')
    .select(['id', 'eventId', 'type', 'model', 'facts'])
    .where('startedAt', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute();

/** Records that a run delivers a request. */
export async function requestStarted({ kysely }: Pick<Database, 'kysely'>, id: number): Promise<void> {
  await kysely
    .updateTable('tidegate.notice_request')
    .set({ startedAt: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .where('startedAt', 'is', null)
    .execute();
}
