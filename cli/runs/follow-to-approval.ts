// Follows a retrain until its version waits for approval; starts and follows monitor runs.
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

/** The result of a retrain that was followed. */
export interface Followed {
  readonly retrain: Retrain;
  /** The version that waits for a decision; null if the candidate was refused or failed its validation. */
  readonly pending: Pending | null;
  /** True if the candidate was refused because a required judgement failed; the command then exits with 1. */
  readonly isJudgementFailed: boolean;
}

/** Follows a retrain, and the validation of its candidate if that reached Staging. */
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

/**
 * Whether a retrain was refused because a judgement failed: before training, before the comparison, or in the promotion
 * decision.
 */
export async function lacksJudgement(
  { database }: Pick<Services, 'database'>,
  { model, outcome, leaks, candidateVersion }: Retrain,
): Promise<boolean> {
  if (outcome !== 'refused') return false;
  if (candidateVersion === null) return leaks?.failed !== undefined;
  const comparison = await findComparison(database, model, candidateVersion);
  return !comparison?.decision || comparison.decision.outcome === 'judgement failed';
}

/** Prints the result of a retrain, and how to approve the version that waits. */
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

/** The result of a retrain as JSON. */
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
 * @throws the failure of the run if the retrain failed; TidegateError INTERNAL if only the recorded reason is available
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
      return state.retrainId === retrainId ? state.step : 'waiting for an earlier retrain';
    },
    say,
  });
  if (closed.outcome === 'failed' || closed.outcome === 'cancelled') {
    // The failure of the run has the error code; the recorded retrain has only the text.
    await run.result();
    throw new TidegateError('INTERNAL', `retrain ${retrainId} ${closed.outcome}: ${closed.reason}`);
  }
  return closed;
}

/** Which window to monitor, and who requests it. */
interface MonitorRequest {
  readonly model: string;
  readonly asOf: Date;
  readonly requestedBy: string;
}

/** Starts a monitor run. @throws WorkflowExecutionAlreadyStartedError while another one is running */
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
    staticSummary: `Monitor ${model} as of ${input.asOf}, requested by ${requestedBy}`,
  });
}

/** Waits for a monitor run and returns its result. */
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
