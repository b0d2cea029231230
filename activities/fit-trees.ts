// Runs one fit of trees on a trees worker: starts a workflow run for it, waits until that ends, sends heartbeats, and
// forwards a cancellation.
import { cancelled, heartbeat } from '@temporalio/activity';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
} from '@temporalio/client';
import { type ErrorCode, errorKinds, TidegateError } from '../domain/errors.ts';
import { type TreeOutcome } from '../domain/learning/trees.ts';
import { whileElsewhere } from '../store/postgres/watched.ts';
import { getTreeFit, type NewTreeFit, openTreeFit } from '../store/registry/tree-fits.ts';
import { treesQueue, workflowIds, workflowTypes } from '../workflows/protocol/messages.ts';
import { type ActivityDeps } from './deps.ts';

/** Runs a fit of trees on a trees worker. */
export type FitTrees = (fit: NewTreeFit) => Promise<TreeOutcome>;

const BEAT_MS = 500;

// Message of the SDK's cancellation when the worker stops, as opposed to a cancelled run.
const WORKER_SHUTDOWN = 'WORKER_SHUTDOWN';

/**
 * Returns the outcome of a fit. A fit that has already ended is returned immediately. If the fit is running, waits for
 * it, so that a retry after a crash of this worker loses nothing.
 *
 * @throws TidegateError TREES_WORKER_MISSING if no worker picks up the fit in time; TREES_FAILED; the worker's own
 *   refusals
 * @throws CancelledFailure when the activity is cancelled, after the fit has been cancelled
 */
export const fitTreesBy =
  ({ database, client, taskQueue }: ActivityDeps): FitTrees =>
  async (fit) => {
    const { id, outcome } = await openTreeFit(database, fit);
    if (outcome) return outcome;
    const handle = await client.workflow.start(workflowTypes.trees, {
      workflowId: workflowIds.trees(id),
      taskQueue,
      args: [{ fitId: id }],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: `Fit trees for ${fit.request}`,
    });
    const beating = setInterval(() => heartbeat({ treeFit: id }), BEAT_MS);
    try {
      await whileElsewhere(() => Promise.race([handle.result(), cancelled()]));
    } catch (error) {
      if (!(error instanceof CancelledFailure)) throw failureOf(error, taskQueue);
      // If only this worker stops, the fit continues, and the next attempt waits for it.
      if (error.message !== WORKER_SHUTDOWN) await handle.cancel();
      throw error;
    } finally {
      clearInterval(beating);
    }
    const done = await getTreeFit(database, id);
    if (!done.outcome) throw new TidegateError('TREES_FAILED', `fit ${id} ended without trees`);
    return done.outcome;
  };

function failureOf(error: unknown, taskQueue: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  if (inner instanceof TimeoutFailure && inner.timeoutType === 'SCHEDULE_TO_START') {
    return new TidegateError(
      'TREES_WORKER_MISSING',
      `the definition requires gradient-boosted trees, but no trees worker took the fit from the task queue ${treesQueue(taskQueue)}`,
      { cause: error },
    );
  }
  if (inner instanceof ApplicationFailure && inner.type != null && inner.type in errorKinds)
    return new TidegateError(inner.type as ErrorCode, inner.message, { cause: error });
  const message = inner instanceof Error ? inner.message : String(inner);
  return new TidegateError('TREES_FAILED', `the trees could not be fitted: ${message}`, { cause: error });
}
