// Confirms after a promotion or rollback that the API instances serve the new version.
import { confirmServing } from './activities.ts';
import { describeFailure, type Notifications, type RunDetails } from './run-details.ts';

/**
 * Confirms that a version is served. The swap is final: an instance that cannot follow is reported, and nothing is
 * undone.
 */
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
