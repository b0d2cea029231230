// Readings of a run's history: what was scheduled, how, and how large it is.
import { type History } from '@temporalio/common/lib/proto-utils.js';

type HistoryEvent = NonNullable<History['events']>[number];

/** How an activity was scheduled. */
export type ScheduledActivity = NonNullable<HistoryEvent['activityTaskScheduledEventAttributes']>;

/** What a run may put into one event. */
export const LARGEST_PAYLOADS = 16_384;

/** The activities of a run in the order in which they were scheduled. */
export const scheduledActivities = ({ events }: History): ScheduledActivity[] =>
  (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled ?? []);

/** The names of the activities of a run, in order. */
export const activityNames = (history: History): string[] =>
  scheduledActivities(history).map(({ activityType }) => activityType?.name ?? '');

/** The ids of the runs that a run started beside it. */
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

/** Whether an activity of the run has been asked to end. */
export const isCancelRequested = ({ events }: History): boolean =>
  (events ?? []).some((event) => event.activityTaskCancelRequestedEventAttributes != null);

/** How many updates were let in by their validator. */
export const countUpdates = ({ events }: History): number =>
  (events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes != null).length;
