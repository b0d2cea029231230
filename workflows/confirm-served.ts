// After a swap: the API instances follow.
import { confirmServing } from './activities.ts';
import { describeFailure, type Notifications, type RunDetails } from './run-details.ts';

/** Sees that a version is served. The swap is done: an instance that cannot follow is told of, and undoes nothing. */
export async function confirmServed(
  { model, version }: { model: string; version: number },
  details: RunDetails,
  notifications: Notifications,
): Promise<void> {
  try {
    const { instances } = await confirmServing({ model, version });
    details.add(`${instances} API instances serve it`);
  } catch (error) {
    const { message } = describeFailure(error);
    details.add(`**not every API instance serves it**: ${message}`);
    notifications.send({ event: 'serving not confirmed', model, version, message });
  }
}
