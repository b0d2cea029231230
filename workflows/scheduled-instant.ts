// The instant that a scheduled run speaks about.
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';

const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/**
 * When the schedule meant this run to start, so that a late or repeated run speaks about the same instant; for a run
 * that no schedule started, when it started.
 */
export function scheduledInstant(): Date {
  const { typedSearchAttributes, startTime } = workflowInfo();
  return typedSearchAttributes.get(scheduledStart) ?? startTime;
}
