// Requests a retrain; called for the monitor, for a release whose champion changed, or for a person.
import { type Client, WorkflowIdConflictPolicy } from '@temporalio/client';
import {
  type RetrainInput,
  type RetrainRequest,
  retrainRequestedSignal,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../workflows/protocol/messages.ts';

/**
 * Sends a request to the retrain loop of a model, and starts the loop if it is not running. Sending a request with the
 * same `retrainId` again has no effect.
 *
 * @returns the loop's workflow id
 */
export async function requestRetrain(
  { client, taskQueue }: { readonly client: Client; readonly taskQueue: string },
  request: RetrainRequest,
): Promise<string> {
  const { model, trigger } = request;
  const workflowId = workflowIds.retrain(model);
  await client.workflow.signalWithStart(workflowTypes.retrain, {
    workflowId,
    taskQueue,
    args: [{ model } satisfies RetrainInput],
    signal: retrainRequestedSignal,
    signalArgs: [request],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
    staticSummary: `Retrain ${model}: ${trigger}`,
  });
  return workflowId;
}
