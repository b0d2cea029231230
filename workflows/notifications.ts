// Notifications that never hold the loop up and never fail it.
import { CancellationScope, log } from '@temporalio/workflow';
import { type Notification } from '../activities/notify.ts';
import { notify } from './activities.ts';

/** Sends notifications beside the loop; `settled` waits for those under way, at most a minute by their time-out. */
export class Notifications {
  readonly #underWay: Promise<void>[] = [];

  send(notification: Notification): void {
    const sent: Promise<void> = CancellationScope.nonCancellable(() => notify(notification)).catch(
      (error: unknown) => {
        log.warn('a notification was given up', { event: notification.event, error: String(error) });
      },
    );
    this.#underWay.push(sent);
  }

  async settled(): Promise<void> {
    await CancellationScope.nonCancellable(() => Promise.all(this.#underWay));
  }
}
