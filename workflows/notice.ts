// notice/<model>/<id>: delivers one notification, for as long as that takes, while the run that sent it goes on.
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type Activities } from '../activities/index.ts';
import { type Notification } from '../activities/notify.ts';
import { noticeQueue } from './protocol/messages.ts';
import { retryPolicies } from './retry-policies.ts';

/** Posts a notification until the webhook takes it; ends failed, for a person to see, if it never does. */
export async function noticeWorkflow(notification: Notification): Promise<void> {
  const { notify } = proxyActivities<Pick<Activities, 'notify'>>({
    ...retryPolicies.notice,
    taskQueue: noticeQueue(workflowInfo().taskQueue),
  });
  await notify(notification);
}
