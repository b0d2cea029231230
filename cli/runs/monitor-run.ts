// A monitor run by hand: started, and followed to its result.
import { type WorkflowHandle } from '@temporalio/client';
import {
  type MonitorInput,
  type MonitorResult,
  monitorStateQuery,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { type Services } from '../connections.ts';
import { followRun, isRunning, type Say } from './follow-run.ts';

/** Which window to monitor, and who asks. */
export interface MonitorRequest {
  readonly model: string;
  readonly asOf: Date;
  readonly requestedBy: string;
}

/** Starts a monitor run. @throws WorkflowExecutionAlreadyStartedError while another one runs */
export function startMonitor(
  { client, taskQueue }: Pick<Services, 'client' | 'taskQueue'>,
  { model, asOf, requestedBy }: MonitorRequest,
): Promise<WorkflowHandle> {
  const input: MonitorInput = { model, asOf: asOf.toISOString(), requestedBy };
  return client.workflow.start(workflowTypes.monitor, {
    workflowId: workflowIds.monitor(model),
    taskQueue,
    args: [input],
    typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
    staticSummary: `Monitor ${model} as of ${input.asOf}, asked by ${requestedBy}`,
  });
}

/** Waits for a monitor run and gives its result. */
export const followMonitor = (
  { client }: Pick<Services, 'client'>,
  run: WorkflowHandle,
  say: Say,
  warn?: Say,
): Promise<MonitorResult> =>
  followRun({
    client,
    run,
    look: async () => ((await isRunning(run)) ? undefined : ((await run.result()) as MonitorResult)),
    step: async () => (await run.query(monitorStateQuery)).step,
    say,
    warn,
  });
