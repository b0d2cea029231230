// Carries a decision to the release that waits for it.
import {
  type Client,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TidegateError } from '../domain/errors.ts';
import { type DecisionMessage, type DecisionResult } from '../domain/lifecycle/approval.ts';
import { decideUpdate, workflowIds } from '../workflows/contracts.ts';

/** How long a worker may take to verify a decision, in milliseconds. */
const PATIENCE_MS = 20_000;

// What the server answers for an update whose run ended before the update did.
const RUN_ENDED = 'AcceptedUpdateCompletedWorkflow';

/** Where decisions go. */
export interface DecisionGate {
  /**
   * Sends a decision and waits for the verdict.
   *
   * @returns `undefined` where no release of the version is open
   * @throws TidegateError TEMPORAL_UNREACHABLE, DECISION_REFUSED
   */
  decide(model: string, version: number, message: DecisionMessage): Promise<DecisionResult | undefined>;
}

/** Sends decisions as the update `decide` of `release/<model>/<version>`. */
export const temporalDecisionGate = (client: Client): DecisionGate => ({
  async decide(model, version, message) {
    const handle = client.workflow.getHandle(workflowIds.release(model, version));
    try {
      return await client.withDeadline(Date.now() + PATIENCE_MS, () =>
        handle.executeUpdate(decideUpdate, { args: [message] }),
      );
    } catch (error) {
      if (isClosed(error)) return undefined;
      throw translated(error);
    }
  },
});

const causeOf = (error: unknown): ApplicationFailure | undefined =>
  error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure
    ? error.cause
    : undefined;

const isClosed = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || causeOf(error)?.type === RUN_ENDED;

function translated(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError) {
    return new TidegateError('DECISION_REFUSED', error.cause?.message ?? error.message, { cause: error });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new TidegateError(
      'TEMPORAL_UNREACHABLE',
      `no worker verified the decision within ${PATIENCE_MS / 1_000} s; it may still count`,
      {
        remedy: 'Check that a worker runs, and look at GET /models/{model}/pending before sending it again.',
        cause: error,
      },
    );
  }
  if (error instanceof ServiceError) {
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    return new TidegateError('TEMPORAL_UNREACHABLE', `Temporal did not take the decision: ${why}`, {
      cause: error,
    });
  }
  return error;
}
