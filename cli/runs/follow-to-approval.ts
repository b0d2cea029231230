// From a retrain that was asked for to a version that waits for a person.
import { findComparison } from '../../store/registry/comparisons.ts';
import { listRetrains, type Retrain } from '../../store/registry/retrains.ts';
import { type Services } from '../shared/connections.ts';
import { type Output } from '../output/output.ts';
import { followRun, isRunning, type Say } from './follow-run.ts';
import { approveCommand, asPending, type Pending, pendingJson, printPending } from './pending.ts';
import { followValidation } from './release-run.ts';
import { TidegateError } from '../../domain/errors.ts';
import {
  type MonitorInput,
  type MonitorResult,
  monitorStateQuery,
  retrainStateQuery,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { type WorkflowHandle } from '@temporalio/client';

/** What a retrain came to. */
export interface Followed {
  readonly retrain: Retrain;
  /** The version that waits for a decision; null where the candidate was refused or failed its validation. */
  readonly pending: Pending | null;
  /** It was refused because a judgement that was due could not be made: the command that asked for it failed. */
  readonly isJudgementFailed: boolean;
}

/** Follows a retrain, and the validation of its candidate where it reached Staging. */
export async function followToApproval(
  services: Services,
  model: string,
  retrainId: string,
  say: Say,
): Promise<Followed> {
  const retrain = await followRetrain(services, model, retrainId, say);
  const { candidateVersion, outcome } = retrain;
  if (outcome !== 'staged' || candidateVersion === null) {
    return { retrain, pending: null, isJudgementFailed: await lacksJudgement(services, retrain) };
  }
  const validated = await followValidation(services, model, candidateVersion, say);
  const pending = 'evidence' in validated ? asPending(validated.evidence) : null;
  return { retrain, pending, isJudgementFailed: false };
}

/** Whether a retrain was refused because a judgement could not be made: before training, by the decision, or uncompared. */
export async function lacksJudgement(
  { database }: Pick<Services, 'database'>,
  { model, outcome, reason, candidateVersion }: Retrain,
): Promise<boolean> {
  if (outcome !== 'refused') return false;
  if (candidateVersion === null) return reason?.startsWith('JUDGEMENT_FAILED') ?? false;
  const comparison = await findComparison(database, model, candidateVersion);
  return !comparison?.decision || comparison.decision.outcome === 'judgement failed';
}

/** Prints what a retrain came to, and how to approve what waits. */
export function printFollowed(output: Output, { retrain, pending }: Followed): void {
  output.line(retrain.summary ?? `retrain ${retrain.id}: ${retrain.outcome}`);
  if (!pending) {
    if (retrain.outcome === 'staged') {
      output.line(
        `version ${retrain.candidateVersion} failed its validation and was archived: \`tidegate versions ${retrain.model}\``,
      );
    }
    return;
  }
  output.line();
  output.heading(`Version ${pending.version} waits for a decision`);
  printPending(output, pending);
  output.line(`approve it with: ${approveCommand(pending)}`);
}

/** What a retrain came to, for a JSON answer. */
export const followedJson = ({ retrain, pending }: Followed) => ({
  retrainId: retrain.id,
  outcome: retrain.outcome,
  version: retrain.candidateVersion,
  reason: retrain.reason,
  summary: retrain.summary,
  pending: pending && pendingJson(pending),
});

/**
 * Waits until a retrain is closed.
 *
 * @throws the failure of the run when the retrain failed; TidegateError INTERNAL when only its words are left
 */
async function followRetrain(
  { client, database }: Pick<Services, 'client' | 'database'>,
  model: string,
  retrainId: string,
  say: Say,
): Promise<Retrain> {
  const run = client.workflow.getHandle(workflowIds.retrain(model));
  const closed = await followRun({
    client,
    run,
    look: async () => {
      const retrains = await listRetrains(database, model);
      return retrains.find(({ id, finishedAt }) => id === retrainId && finishedAt !== null);
    },
    step: async () => {
      const state = await run.query(retrainStateQuery);
      return state.retrainId === retrainId ? state.step : 'waiting for the retrain before it';
    },
    say,
  });
  if (closed.outcome === 'failed' || closed.outcome === 'cancelled') {
    // The run's own failure knows the code of the error; its row has the words only.
    await run.result();
    throw new TidegateError('INTERNAL', `retrain ${retrainId} ${closed.outcome}: ${closed.reason}`);
  }
  return closed;
}

/** Which window to monitor, and who asks. */
interface MonitorRequest {
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
