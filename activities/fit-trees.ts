// One fit of trees, done by a trees worker through a run of its own: this activity waits, heartbeats and passes a
// cancellation on.
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

/** Has trees fitted. */
export type FitTrees = (fit: NewTreeFit) => Promise<TreeOutcome>;

const BEAT_MS = 500;

// How the SDK words a cancellation that is none of the run's.
const WORKER_SHUTDOWN = 'WORKER_SHUTDOWN';

/**
 * The outcome of a fit. One that was done before is given at once; one that runs is joined, so an attempt after a crash
 * of this worker loses nothing.
 *
 * @throws TidegateError TREES_WORKER_MISSING where no worker takes it in time; TREES_FAILED; what the worker refused
 * @throws CancelledFailure when the activity is cancelled, once the fit has been told
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
      // A worker that stops leaves the fit to the attempt after this one, which joins it.
      if (error.message !== WORKER_SHUTDOWN) await handle.cancel();
      throw error;
    } finally {
      clearInterval(beating);
    }
    const done = await getTreeFit(database, id);
    if (!done.outcome) throw new TidegateError('TREES_FAILED', `fit ${id} ended and left no trees`);
    return done.outcome;
  };

function failureOf(error: unknown, taskQueue: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  if (inner instanceof TimeoutFailure && inner.timeoutType === 'SCHEDULE_TO_START') {
    return new TidegateError(
      'TREES_WORKER_MISSING',
      `the definition asks for gradient-boosted trees, and no trees worker took the fit from ${treesQueue(taskQueue)}`,
      { cause: error },
    );
  }
  if (inner instanceof ApplicationFailure && inner.type != null && inner.type in errorKinds)
    return new TidegateError(inner.type as ErrorCode, inner.message, { cause: error });
  const words = inner instanceof Error ? inner.message : String(inner);
  return new TidegateError('TREES_FAILED', `the trees could not be fitted: ${words}`, { cause: error });
}
