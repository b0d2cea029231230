// A materialisation by hand: started, and followed to its result.
import { type WorkflowHandle } from '@temporalio/client';
import {
  type MaterializeInput,
  type MaterializeResult,
  materializeStateQuery,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { type Services } from '../connections.ts';
import { followRun, isRunning, type Say } from './follow-run.ts';

/** Starts a materialisation. @throws WorkflowExecutionAlreadyStartedError while another by hand runs */
export const startMaterialize = (
  { client, taskQueue }: Pick<Services, 'client' | 'taskQueue'>,
  input: MaterializeInput,
): Promise<WorkflowHandle> =>
  client.workflow.start(workflowTypes.materialize, {
    workflowId: workflowIds.materialize(input.model),
    taskQueue,
    args: [input],
    typedSearchAttributes: [{ key: searchAttributes.model, value: input.model }],
    staticSummary: `Materialise ${input.model} as of ${input.range?.to ?? input.asOf}, asked by ${input.requestedBy}`,
  });

/** Waits for a materialisation and gives its result. */
export const followMaterialize = (
  { client }: Pick<Services, 'client'>,
  run: WorkflowHandle,
  say: Say,
): Promise<MaterializeResult> =>
  followRun({
    client,
    run,
    look: async () => ((await isRunning(run)) ? undefined : ((await run.result()) as MaterializeResult)),
    step: async () => (await run.query(materializeStateQuery)).step,
    say,
  });
