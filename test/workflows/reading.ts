// Reads what a run shows during and after its execution: current details and search attributes.
import { type WorkflowHandle } from '@temporalio/client';
import { searchAttributes } from '../../workflows/protocol/messages.ts';

/** A run of any loop. */
export type AnyRun = Pick<WorkflowHandle, 'describe' | 'query'>;

/** The current details of a run, in Markdown, as the Temporal UI shows them. */
export async function currentDetails(run: AnyRun): Promise<string> {
  const metadata = await run.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

/** Tidegate's search attributes of a run; absent ones are undefined. */
export async function tagsOf(run: AnyRun): Promise<Record<keyof typeof searchAttributes, unknown>> {
  const { typedSearchAttributes: attributes } = await run.describe();
  return {
    model: attributes.get(searchAttributes.model),
    stage: attributes.get(searchAttributes.stage),
    outcome: attributes.get(searchAttributes.outcome),
    version: attributes.get(searchAttributes.version),
  };
}
