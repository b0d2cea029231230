// Collects notifications: each is delivered by a run of its own, at any time after it was sent.
import { expect } from 'vitest';
import { type Notification } from '../../activities/notify.ts';
import { eventually } from '../helpers/eventually.ts';
import { type FakeActivities } from './fake-activities.ts';

/** Waits for the given number of notifications and returns them, ordered by event name. */
export async function noticesOf(
  fakes: FakeActivities,
  count: number,
): Promise<Pick<Notification, 'event' | 'model' | 'version' | 'message'>[]> {
  await eventually(() => expect(fakes.inputsOf('notify')).toHaveLength(count), { within: 30_000 });
  return fakes
    .inputsOf('notify')
    .map(({ event, model, version, message }) => ({ event, model, version, message }))
    .toSorted((a, b) => a.event.localeCompare(b.event));
}
