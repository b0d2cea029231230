// Posts notifications about events that a person may want to act on, to one webhook.
import { log } from '@temporalio/activity';
import { type ActivityDeps, currentRun } from './deps.ts';

/** A notification; posted as JSON, with the time and the run added. */
export interface Notification {
  readonly event:
    | 'pending'
    | 'reminder'
    | 'decided'
    | 'failed'
    | 'contract broken'
    | 'leak suspected'
    | 'judgement failed'
    | 'rolled back'
    | 'serving not confirmed'
    | 'watch broken';
  readonly model: string;
  readonly version: number | null;
  readonly message: string;
  /** When it happened, ISO 8601, and in which run. @default now, and the run that sends the notification */
  readonly at?: string;
  readonly workflowId?: string;
  readonly runId?: string;
}

const TIMEOUT_MS = 5_000;

/** The step that posts a notification. */
export const notifyActivities = ({ webhookUrl }: ActivityDeps) => ({
  /** Posts a notification. Any status other than 2xx is an error, so that Temporal tries again. */
  async notify(notification: Notification): Promise<void> {
    log.info(`${notification.event}: ${notification.message}`, { ...notification });
    if (webhookUrl === undefined) return;
    const response = await fetch(webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ at: new Date().toISOString(), ...currentRun(), ...notification }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
  },
});
