// Marks schedules and runs with the id of their installation, and refuses those of other installations.
import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { type Client, type WorkflowClientInterceptor, WorkflowNotFoundError } from '@temporalio/client';
import { type ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { TidegateError } from '../domain/errors.ts';
import { belongsTo, type Installation } from '../store/registry/installation.ts';
import { searchAttributes } from '../workflows/protocol/messages.ts';

/** Key of the memo. */
export const INSTALLATION_MEMO = 'tidegateInstallation';

/** The memo that an installation puts on its schedules and runs. */
export const installationMemo = ({ id }: Installation): Record<string, unknown> => ({
  [INSTALLATION_MEMO]: id,
});

/**
 * Returns the installation that a memo names; undefined for runs that were started before memos were written, or by
 * hand.
 */
export function ownerIn(memo: Record<string, unknown> | undefined): string | undefined {
  const owner = memo?.[INSTALLATION_MEMO];
  return typeof owner === 'string' ? owner : undefined;
}

/** Returns a FOREIGN_INSTALLATION error that names the owner and says what can be done. */
export function foreign(what: string, owner: string, own: Installation): TidegateError {
  return new TidegateError(
    'FOREIGN_INSTALLATION',
    `${what} belongs to the installation ${owner}, but this database belongs to the installation ${own.id}`,
    {
      remedy:
        'Give this installation a namespace of its own (TEMPORAL_NAMESPACE). ' +
        `If this database replaces the other one after a restore, run \`tidegate adopt ${owner}\` instead.`,
    },
  );
}

/**
 * Returns an interceptor that puts the memo on every run that a client starts. A signal-with-start is refused if it would
 * signal an open run of another installation.
 *
 * @param clientOf returns the client that is created with this interceptor
 */
export function ownRuns(installation: Installation, clientOf: () => Client): WorkflowClientInterceptor {
  const owned = <T extends { readonly options: object }>(input: T): T => {
    const { memo } = input.options as { memo?: Record<string, unknown> };
    return { ...input, options: { ...input.options, memo: { ...memo, ...installationMemo(installation) } } };
  };
  return {
    startWithDetails: (input, next) => next(owned(input)),
    signalWithStart: async (input, next) => {
      await refuseForeignRun(clientOf(), input.options.workflowId, installation);
      return next(owned(input));
    },
  };
}

async function refuseForeignRun(
  client: Client,
  workflowId: string,
  installation: Installation,
): Promise<void> {
  try {
    const { memo, status } = await client.workflow.getHandle(workflowId).describe();
    const owner = ownerIn(memo);
    if (status.name === 'RUNNING' && owner !== undefined && !belongsTo(installation, owner))
      throw foreign(`the run ${workflowId}`, owner, installation);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** Maximum number of open runs that are examined; examining more would take long, and one foreign run is enough. */
const MAX_RUNS = 1_000;

/**
 * Refuses a task queue on which runs of another installation are open.
 *
 * @throws TidegateError FOREIGN_INSTALLATION naming the first
 */
export async function refuseForeignRuns(
  client: Client,
  taskQueue: string,
  installation: Installation,
): Promise<void> {
  const query = `TaskQueue = '${taskQueue.replaceAll("'", "''")}' AND ExecutionStatus = 'Running'`;
  let seen = 0;
  for await (const run of client.workflow.list({ query })) {
    const owner = ownerIn(run.memo);
    if (owner !== undefined && !belongsTo(installation, owner))
      throw foreign(`the run ${run.workflowId} on the task queue ${taskQueue}`, owner, installation);
    seen += 1;
    if (seen >= MAX_RUNS) return;
  }
}

// Maximum number of runs that a worker remembers as its own.
const MAX_KNOWN = 10_000;

/**
 * Delay before an activity of a foreign run is tried again, so that a worker of the other installation can take it: one
 * second at first, at most one hour.
 */
const retryDelay = (attempt: number): number => Math.min(attempt ** 3, 3_600) * 1_000;

/**
 * Refuses activities of runs that belong to another installation, before they change anything. The activity is tried
 * again later, so that a worker of the other installation can take it and nothing is lost.
 *
 * @param knows whether this database contains a model; called for runs without an installation id
 */
export function ownActivities(
  client: Client,
  installation: () => Promise<Installation>,
  knows: (model: string) => Promise<boolean>,
): ActivityInboundCallsInterceptor {
  const known = new Set<string>();
  return {
    async execute(input, next) {
      const { workflowExecution, attempt } = Context.current().info;
      const runId = workflowExecution?.runId;
      if (workflowExecution && runId !== undefined && !known.has(runId)) {
        const { workflowId } = workflowExecution;
        const { memo, typedSearchAttributes } = await client.workflow.getHandle(workflowId, runId).describe();
        const problem = await whyForeign(
          workflowId,
          ownerIn(memo),
          typedSearchAttributes.get(searchAttributes.model),
        );
        if (problem) {
          throw ApplicationFailure.create({
            type: problem.code,
            message: `${problem.message}. ${problem.remedy}`,
            details: [{ message: problem.message, remedy: problem.remedy }],
            nonRetryable: false,
            nextRetryDelay: retryDelay(attempt),
          });
        }
        if (known.size >= MAX_KNOWN) known.clear();
        known.add(runId);
      }
      return next(input);
    },
  };

  async function whyForeign(
    workflowId: string,
    owner: string | undefined,
    model: string | undefined,
  ): Promise<TidegateError | undefined> {
    if (owner === undefined) {
      // The run was started before runs had an installation id: it belongs to the installation whose database contains
      // its model.
      if (model === undefined || (await knows(model))) return undefined;
      return new TidegateError(
        'FOREIGN_INSTALLATION',
        `the run ${workflowId} has no installation id, and its model ${model} is not in this database`,
      );
    }
    const own = await installation();
    return belongsTo(own, owner) ? undefined : foreign(`the run ${workflowId}`, owner, own);
  }
}
