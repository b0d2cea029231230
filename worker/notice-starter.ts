// Starts a run for each notification that was asked for in the database, such as by the API.
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { type Logger } from 'pino';
import { type NotificationFacts } from '../domain/notifications.ts';
import { type Database } from '../store/postgres/database.ts';
import { type NoticeRequest, requestStarted, waitingRequests } from '../store/registry/notice-requests.ts';
import { deleteNotifications, findFacts } from '../store/registry/notifications.ts';
import { searchAttributes, workflowIds, workflowTypes } from '../workflows/protocol/messages.ts';

/** What the starter works with. */
interface StarterDeps {
  readonly database: Database;
  readonly client: Client;
  readonly taskQueue: string;
  /** Whether there is a target; if there is none, notifications are only logged. */
  readonly hasTarget: boolean;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** How often it looks, in milliseconds. @default 2000 */
  readonly everyMs?: number;
}

const LOOK_MS = 2_000;
/** How many requests are started at a look; the others follow at the next. */
const MAX_AT_ONCE = 50;
/** How long Temporal may take to start one run, in milliseconds. */
const START_MS = 10_000;
const HOUR_MS = 3_600_000;

/** How long notifications and the log of their deliveries are kept, in days. */
export const KEPT_DAYS = 90;

/**
 * Looks for requests until it is stopped. If Postgres or Temporal is away, requests wait in the database and nothing else is
 * affected. Several workers may look at the same time: the id of the run is the same for all, so one run is started.
 */
export class NoticeStarter {
  readonly #deps: StarterDeps;
  readonly #ended: Promise<void>;
  #stop: () => void = () => undefined;
  #isStopped = false;
  #tidyAt = 0;
  #isFailing = false;

  /** Starts to look at once. */
  constructor(deps: StarterDeps) {
    this.#deps = deps;
    this.#ended = this.#loop();
  }

  /** Stops looking; resolves when the look that is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stop();
    await this.#ended;
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#look();
        this.#isFailing = false;
      } catch (error) {
        // Reported once for an outage, not at every look.
        if (!this.#isFailing) this.#deps.logger.warn({ err: error }, 'notifications wait to be sent');
        this.#isFailing = true;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#deps.everyMs ?? LOOK_MS);
        this.#stop = () => {
          clearTimeout(timer);
          resolve();
        };
        if (this.#isStopped) this.#stop();
      });
    }
  }

  async #look(): Promise<void> {
    const { database } = this.#deps;
    for (const request of await waitingRequests(database, MAX_AT_ONCE)) {
      if (this.#isStopped) return;
      await this.#start(request);
      await requestStarted(database, request.id);
    }
    if (Date.now() < this.#tidyAt) return;
    this.#tidyAt = Date.now() + HOUR_MS;
    await deleteNotifications(database, new Date(Date.now() - KEPT_DAYS * 24 * HOUR_MS));
  }

  async #start({ id, eventId, model, type, facts }: NoticeRequest): Promise<void> {
    const { client, taskQueue, database, hasTarget, logger } = this.#deps;
    const known: NotificationFacts | undefined = facts ?? (await findFacts(database, eventId));
    // A replay of an event that was deleted in the meantime.
    if (!known) return;
    if (!hasTarget) return logger.info(known, `${known.event}: ${known.message}`);
    try {
      await client.withDeadline(Date.now() + START_MS, () =>
        client.workflow.start(workflowTypes.notice, {
          workflowId: workflowIds.notice(model || 'installation', `${eventId}/${id}`),
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          taskQueue,
          args: [{ ...known, eventId }],
          ...(model !== '' && { typedSearchAttributes: [{ key: searchAttributes.model, value: model }] }),
          staticSummary: `Notify of ${type}${model === '' ? '' : ` of ${model}`}`,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}
