// The as-of instant of a scheduled run.
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';

const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/**
 * Returns the time at which the schedule intended this run to start, so that a late or repeated run uses the same instant.
 * For a run that was not started by a schedule, returns its start time.
 */
export function scheduledInstant(): Date {
  const { typedSearchAttributes, startTime } = workflowInfo();
  return typedSearchAttributes.get(scheduledStart) ?? startTime;
}
