// Delivers notifications about events that a person may want to act on, and records each attempt.
import { createHash } from 'node:crypto';
import { activityInfo, log } from '@temporalio/activity';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { chatText, type CloudEvent, cloudEvent, type NotificationFacts } from '../domain/notifications.ts';
import { keepNotification, recordDelivery, settledTargets } from '../store/registry/notifications.ts';
import { type ActivityDeps, currentRun, type HttpTarget, type NotificationTarget } from './deps.ts';
import { sendEmail } from './send-email.ts';
import { AddressRefused, guardedPost } from '../store/network/guarded-post.ts';
import { notificationHeaders } from './sign-notification.ts';

/** A notification. What it does not say about time and run is added when it is sent. */
export interface Notification extends Omit<NotificationFacts, 'at' | 'workflowId' | 'runId'> {
  /** When it happened, ISO 8601, and in which run. @default now, and the run that sends the notification */
  readonly at?: string;
  readonly workflowId?: string | null;
  readonly runId?: string | null;
  /** The id of the event. If an event with this id was sent before, it is sent once more as it was. @default a new one */
  readonly eventId?: string;
}

const TIMEOUT_MS = 5_000;
const MAX_ERROR = 500;

/** The steps of notifications. */
export const notifyActivities = (deps: ActivityDeps) => ({
  /** Returns whether there is a target, so that a notification must be delivered; if there is none, logs it. */
  async announce(notification: Notification): Promise<boolean> {
    const hasTarget = (deps.notifications?.targets.length ?? 0) > 0;
    if (!hasTarget) log.info(`${notification.event}: ${notification.message}`, { ...notification });
    return hasTarget;
  },

  /**
   * Delivers a notification to every target that does not have it. Any status other than 2xx is an error, so that
   * Temporal tries again. A target at an address that is refused is recorded, and not tried again.
   */
  async notify(notification: Notification): Promise<void> {
    log.info(`${notification.event}: ${notification.message}`, { ...notification });
    const { targets = [], allowPrivate = false, publicUrl } = deps.notifications ?? {};
    if (targets.length === 0) return;
    const { eventId = ownEventId(), ...facts } = notification;
    const event = cloudEvent(eventId, { at: new Date().toISOString(), ...currentRun(), ...facts }, publicUrl);
    const { id, type } = event;
    const stored = { id, type, model: notification.model, body: JSON.stringify(event) };
    // The body that was stored first, so that a repeated attempt sends the same one.
    const body = await keepNotification(deps.database, stored);
    const settled = await settledTargets(deps.database, id, currentRun().runId);
    const outcomes = await Promise.allSettled(
      targets
        .filter(({ name }) => !settled.has(name))
        .map((target) => deliver(deps, id, body, target, allowPrivate)),
    );
    const errors = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as Error] : [],
    );
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  },
});

/** The id of the event: the same at every attempt of this step. */
function ownEventId(): string {
  const { activityId } = activityInfo();
  const { workflowId, runId } = currentRun();
  // A run that only delivers has a random id of its own.
  if (workflowId.startsWith('notice/')) return workflowId.slice(workflowId.lastIndexOf('/') + 1);
  return createHash('sha256').update(`${workflowId}\n${runId}\n${activityId}`).digest('hex').slice(0, 32);
}

/** Posts to one target and records the attempt. @throws an Error if the target should be tried again */
async function deliver(
  { database }: ActivityDeps,
  notificationId: string,
  body: string,
  target: NotificationTarget,
  allowPrivate: boolean,
): Promise<void> {
  const { attempt } = activityInfo();
  const begun = Date.now();
  const record = (
    status: 'delivered' | 'failed' | 'refused',
    responseCode: number | null,
    error: string | null,
  ): Promise<void> =>
    recordDelivery(database, {
      notificationId,
      target: target.name,
      runId: currentRun().runId,
      attempt,
      status,
      responseCode,
      error,
      latencyMs: Date.now() - begun,
      nextAttemptAt: status === 'failed' ? nextAttempt(attempt) : null,
    });
  let code: number;
  try {
    if (target.type === 'email') {
      const { refused } = await sendEmail(JSON.parse(body) as CloudEvent, target, TIMEOUT_MS);
      // The others have it and would get it twice.
      const problem = refused.length === 0 ? null : `not accepted for ${refused.join(', ')}`;
      await record('delivered', null, problem);
      return;
    }
    code = await guardedPost({
      url: target.url,
      ...requestOf(target, notificationId, body),
      allowPrivate,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    const problem = (error instanceof Error ? error.message || error.name : String(error)).slice(
      0,
      MAX_ERROR,
    );
    const isRefused = error instanceof AddressRefused;
    await record(isRefused ? 'refused' : 'failed', null, problem);
    if (!isRefused) throw new Error(`${target.name}: ${problem}`, { cause: error });
    log.error('a notification was not posted', { target: target.name, problem });
    return;
  }
  const isDelivered = code >= 200 && code < 300;
  await record(isDelivered ? 'delivered' : 'failed', code, isDelivered ? null : `it answered ${code}`);
  if (!isDelivered) throw new Error(`${target.name} answered ${code}`);
}

function requestOf(
  { type, secret }: HttpTarget,
  id: string,
  body: string,
): { readonly headers: Record<string, string>; readonly body: string } {
  if (type === 'webhook') return { headers: notificationHeaders(id, new Date(), body, secret), body };
  const text = chatText(JSON.parse(body) as CloudEvent);
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) };
}

/** When Temporal tries again, by the retry policy of the step; null after its last attempt. */
function nextAttempt(attempt: number): Date | null {
  const { retryPolicy } = activityInfo();
  const maximumAttempts = retryPolicy?.maximumAttempts ?? Infinity;
  if (attempt >= maximumAttempts) return null;
  return new Date(
    Date.now() +
      Math.min(1000 * 2 ** (attempt - 1), msToNumber(retryPolicy?.maximumInterval ?? '10 minutes')),
  );
}
