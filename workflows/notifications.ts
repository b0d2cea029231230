// Notifications that never hold the loop up, never fail it, and are not lost when it ends.
import {
  CancellationScope,
  log,
  ParentClosePolicy,
  patched,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { type Notification } from '../activities/notify.ts';
import { notify } from './activities.ts';
import { searchAttributes, workflowIds, workflowTypes } from './contracts.ts';

/** Sends notifications: each is delivered by a run of its own, which outlives this one. */
export class Notifications {
  readonly #underWay: Promise<void>[] = [];

  /** Begins to send; nothing is thrown. */
  send(notification: Notification): void {
    const send = () =>
      // A run that began before has its notifications delivered by itself, as its history says.
      patched('notices-apart') ? handOver(notification) : notify(notification);
    const sent: Promise<void> = CancellationScope.nonCancellable(send).catch((error: unknown) => {
      log.warn('a notification was given up', { event: notification.event, error: String(error) });
    });
    this.#underWay.push(sent);
  }

  /** Waits until each has a run that delivers it: milliseconds, however long the webhook takes. */
  async settled(): Promise<void> {
    await CancellationScope.nonCancellable(() => Promise.all(this.#underWay));
  }
}

async function handOver(notification: Notification): Promise<void> {
  const { workflowId, runId, memo } = workflowInfo();
  const { model, event } = notification;
  await startChild(workflowTypes.notice, {
    workflowId: workflowIds.notice(model, uuid4()),
    args: [{ ...notification, at: new Date().toISOString(), workflowId, runId }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    // Names the installation that the run belongs to.
    ...(memo && { memo }),
    typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
    staticSummary: `Notify of ${model}: ${event}`,
  });
}
