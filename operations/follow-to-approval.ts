// Follows a monitor run to its report, and a retrain until its version waits for approval.
import { findComparison } from '../store/registry/comparisons.ts';
import { type Evidence } from '../store/registry/evidence.ts';
import { listRetrains, type Retrain } from '../store/registry/retrains.ts';
import { followRun, followToEnd, type Say } from './follow-run.ts';
import { followValidation } from './follow-release.ts';
import { type OperationServices } from './services.ts';
import { TidegateError } from '../domain/errors.ts';
import {
  type MonitorResult,
  monitorStateQuery,
  retrainStateQuery,
  workflowIds,
} from '../workflows/protocol/messages.ts';
import { type WorkflowHandle } from '@temporalio/client';

/** The result of a retrain that was followed. */
export interface Followed {
  readonly retrain: Retrain;
  /** The evidence on the version that waits for a decision; null if the candidate was refused or failed its validation. */
  readonly evidence: Evidence | null;
  /** True if the candidate was refused because a required judgement failed; the command then exits with 1. */
  readonly isJudgementFailed: boolean;
}

/** Follows a retrain, and the validation of its candidate if that reached Staging. */
export async function followToApproval(
  services: OperationServices,
  model: string,
  retrainId: string,
  say: Say,
  signal?: AbortSignal,
): Promise<Followed> {
  const retrain = await followRetrain(services, model, retrainId, say, signal);
  const { candidateVersion, outcome } = retrain;
  if (outcome !== 'staged' || candidateVersion === null) {
    return { retrain, evidence: null, isJudgementFailed: await lacksJudgement(services, retrain) };
  }
  const validated = await followValidation(services, model, candidateVersion, say, signal);
  const evidence = 'evidence' in validated ? validated.evidence : null;
  return { retrain, evidence, isJudgementFailed: false };
}

/**
 * Whether a retrain was refused because a judgement failed: before training, before the comparison, or in the promotion
 * decision.
 */
export async function lacksJudgement(
  { database }: Pick<OperationServices, 'database'>,
  { model, outcome, leaks, candidateVersion }: Retrain,
): Promise<boolean> {
  if (outcome !== 'refused') return false;
  if (candidateVersion === null) return leaks?.failed !== undefined;
  const comparison = await findComparison(database, model, candidateVersion);
  return !comparison?.decision || comparison.decision.outcome === 'judgement failed';
}

/**
 * Waits until a retrain is closed.
 *
 * @throws the failure of the run if the retrain failed; TidegateError INTERNAL if only the recorded reason is available
 */
async function followRetrain(
  { client, database }: Pick<OperationServices, 'client' | 'database'>,
  model: string,
  retrainId: string,
  say: Say,
  signal?: AbortSignal,
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
    signal,
  });
  if (closed.outcome === 'failed' || closed.outcome === 'cancelled') {
    // The failure of the run has the error code; the recorded retrain has only the text.
    await run.result();
    throw new TidegateError('INTERNAL', `retrain ${retrainId} ${closed.outcome}: ${closed.reason}`);
  }
  return closed;
}

/** Waits for a monitor run and returns its result. */
export const followMonitor = (
  { client }: Pick<OperationServices, 'client'>,
  run: WorkflowHandle,
  say: Say,
  warn?: Say,
  signal?: AbortSignal,
): Promise<MonitorResult> =>
  followToEnd({
    client,
    run,
    step: async () => (await run.query(monitorStateQuery)).step,
    say,
    warn,
    signal,
  });
