// Reads a run's history: which activities were scheduled, how, and the size of its events.
import { type History } from '@temporalio/common/lib/proto-utils.js';

type HistoryEvent = NonNullable<History['events']>[number];

/** How an activity was scheduled. */
export type ScheduledActivity = NonNullable<HistoryEvent['activityTaskScheduledEventAttributes']>;

/** Maximum size of the payloads in one event. */
export const LARGEST_PAYLOADS = 16_384;

/** The activities of a run in the order in which they were scheduled. */
export const scheduledActivities = ({ events }: History): ScheduledActivity[] =>
  (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled ?? []);

/** The names of the activities of a run, in order. */
export const activityNames = (history: History): string[] =>
  scheduledActivities(history).map(({ activityType }) => activityType?.name ?? '');

/** The ids of the child runs that a run started. */
export const childrenOf = ({ events }: History): string[] =>
  (events ?? []).flatMap(
    ({ startChildWorkflowExecutionInitiatedEventAttributes: started }) => started?.workflowId ?? [],
  );

/** The size in bytes of all payloads of each event, largest first. */
export const payloadSizes = ({ events }: History): number[] =>
  (events ?? []).map(sizeOfPayloads).sort((a, b) => b - a);

function sizeOfPayloads(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + sizeOfPayloads(part), 0);
}

/** Whether cancellation of an activity was requested. */
export const isCancelRequested = ({ events }: History): boolean =>
  (events ?? []).some((event) => event.activityTaskCancelRequestedEventAttributes != null);

/** How many updates were accepted by their validator. */
export const countUpdates = ({ events }: History): number =>
  (events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes != null).length;
