// trees/<fit>: runs one fit of gradient-boosted trees on a trees worker.
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type TreesInput, treesQueue } from './protocol/messages.ts';
import { retryPolicies } from './retry-policies.ts';

/** The activity of the trees worker, which is written in Python and known here only by name. */
interface TreesActivities {
  fitTrees(input: TreesInput): Promise<void>;
}

/**
 * Waits for the fit. Its rows, options and result are in Postgres.
 *
 * If no trees worker picks up the fit within the policy's `scheduleToStartTimeout`, the run fails and is not retried.
 */
export async function treesWorkflow(input: TreesInput): Promise<void> {
  const { fitTrees } = proxyActivities<TreesActivities>({
    ...retryPolicies.trees,
    taskQueue: treesQueue(workflowInfo().taskQueue),
  });
  await fitTrees(input);
}
