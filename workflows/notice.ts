// notice/<model>/<id>: delivers one notification, however long that takes, while the run that sent it continues.
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type Activities } from '../activities/index.ts';
import { type Notification } from '../activities/notify.ts';
import { noticeQueue } from './protocol/messages.ts';
import { retryPolicies } from './retry-policies.ts';

/** Posts a notification until the webhook accepts it; if it never does, the run fails so that a person can see it. */
export async function noticeWorkflow(notification: Notification): Promise<void> {
  const { notify } = proxyActivities<Pick<Activities, 'notify'>>({
    ...retryPolicies.notice,
    taskQueue: noticeQueue(workflowInfo().taskQueue),
  });
  await notify(notification);
}
