// trees/<fit>: has one fit of gradient-boosted trees done by a trees worker.
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type TreesInput, treesQueue } from './protocol/messages.ts';
import { retryPolicies } from './retry-policies.ts';

/** What a trees worker does: it is written in Python, and known here by its name. */
interface TreesActivities {
  fitTrees(input: TreesInput): Promise<void>;
}

/**
 * Waits for the fit. Its rows, options and outcome stand in Postgres.
 *
 * Where no trees worker takes it within the policy's time it fails at once, and is not tried again.
 */
export async function treesWorkflow(input: TreesInput): Promise<void> {
  const { fitTrees } = proxyActivities<TreesActivities>({
    ...retryPolicies.trees,
    taskQueue: treesQueue(workflowInfo().taskQueue),
  });
  await fitTrees(input);
}
