// Sends a person's decision to the release workflow that waits for it.
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TidegateError } from '../../domain/errors.ts';
import { temporalFailure } from '../../domain/temporal-failure.ts';
import { type DecisionMessage, type DecisionResult } from '../../domain/decisions/approval.ts';
import { type Database } from '../../store/postgres/database.ts';
import { recordUnsent } from '../../store/registry/decisions.ts';
import { decideUpdate, workflowIds } from '../../workflows/protocol/messages.ts';

/** How long a worker may take to verify a decision, in milliseconds. */
const PATIENCE_MS = 20_000;

/** How long Temporal may take to accept the end of a release, in milliseconds. */
const END_WITHIN_MS = 5_000;

// The failure type Temporal reports when a run ended before its update was finished.
const RUN_ENDED = 'AcceptedUpdateCompletedWorkflow';

/** Sends decisions to release workflows. */
export interface DecisionGate {
  /**
   * Sends a decision and waits until the release has accepted or refused it.
   *
   * @returns `undefined` if no release of the version is open
   * @throws TidegateError TEMPORAL_UNREACHABLE, DECISION_REFUSED, UPDATES_EXHAUSTED
   */
  decide(model: string, version: number, message: DecisionMessage): Promise<DecisionResult | undefined>;
  /** Ends the release of a version that was withdrawn; does nothing if none is open. @throws the error of Temporal */
  end(model: string, version: number): Promise<void>;
}

/**
 * Sends decisions as the update `decide` of `release/<model>/<version>`. The release records every decision that reaches
 * it; decisions that Temporal no longer accepts are recorded by this gate.
 */
export const temporalDecisionGate = (client: Client, database: Database): DecisionGate => ({
  async decide(model, version, message) {
    const handle = client.workflow.getHandle(workflowIds.release(model, version));
    try {
      return await client.withDeadline(Date.now() + PATIENCE_MS, () =>
        handle.executeUpdate(decideUpdate, { args: [message] }),
      );
    } catch (error) {
      if (isClosed(error)) return undefined;
      if (isExhausted(error)) {
        const exhausted = updatesExhausted(model, message, error);
        const { runId } = await handle.describe();
        const { grantId = null, decidedBy = 'unknown', ...sent } = message;
        const refused = { ...sent, model, version, decidedBy, grantId };
        await recordUnsent(database, refused, exhausted.message, {
          workflowId: handle.workflowId,
          runId,
        });
        throw exhausted;
      }
      throw translated(error);
    }
  },

  async end(model, version) {
    try {
      await client.withDeadline(Date.now() + END_WITHIN_MS, () =>
        client.workflow.getHandle(workflowIds.release(model, version)).cancel(),
      );
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  },
});

const causeOf = (error: unknown): ApplicationFailure | undefined =>
  error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure
    ? error.cause
    : undefined;

const isClosed = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || causeOf(error)?.type === RUN_ENDED;

const FAILED_PRECONDITION = 9;

/** Temporal limits the updates of a run, by default to 2,000; refused decisions count too. */
const isExhausted = (error: unknown): boolean =>
  error instanceof ServiceError &&
  isGrpcServiceError(error.cause) &&
  (error.cause.code as number) === FAILED_PRECONDITION &&
  /total number of .*updates/i.test(error.cause.details);

const updatesExhausted = (model: string, { version }: DecisionMessage, cause: unknown): TidegateError =>
  new TidegateError(
    'UPDATES_EXHAUSTED',
    `the release of ${model} version ${version} has received so many decisions that Temporal accepts no more updates for it`,
    { cause },
  );

function translated(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError) {
    return new TidegateError('DECISION_REFUSED', error.cause?.message ?? error.message, { cause: error });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return new TidegateError(
      'TEMPORAL_UNREACHABLE',
      `no worker verified the decision within ${PATIENCE_MS / 1_000} s; the decision may still take effect`,
      {
        remedy: 'Check that a worker runs, and look at GET /models/{model}/pending before sending it again.',
        cause: error,
      },
    );
  }
  const known = temporalFailure(error);
  if (known)
    return new TidegateError(known.code, `${NOT_SENT}: ${known.message}`, {
      cause: error,
      remedy: known.remedy,
    });
  if (error instanceof ServiceError) {
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    return new TidegateError('TEMPORAL_UNREACHABLE', `${NOT_SENT}: ${why}`, { cause: error });
  }
  return error;
}

const NOT_SENT = 'the decision could not be sent to Temporal';

/** Whether a decision that failed with this error may still be verified by a worker. */
export const mayStillCount = (error: unknown): boolean =>
  error instanceof TidegateError && error.cause instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
