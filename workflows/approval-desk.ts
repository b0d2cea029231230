// Receives the decisions on a pending version, by signal, by update or by expiry.
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type ApprovalOutcome,
  type DecisionMessage,
  type DecisionResult,
  legible,
  malformed,
  PendingApproval,
  type QueuedDecision,
} from '../domain/decisions/approval.ts';
import { verifyDecision } from './activities.ts';
import {
  approveSignal,
  decideUpdate,
  rejectSignal,
  type SignalledDecision,
  supersededSignal,
} from './protocol/messages.ts';
import { describeFailure } from './run-details.ts';

/** The version that waits for a decision. */
export interface Subject {
  readonly model: string;
  readonly version: number;
}

/**
 * Receives decisions as soon as it is constructed. Handlers only add them to a queue; `waitForOutcome` verifies them one
 * at a time, so that of two simultaneous decisions the first to arrive wins.
 */
export class ApprovalDesk {
  readonly #subject: Subject;
  readonly #approval = new PendingApproval();

  constructor(subject: Subject) {
    this.#subject = subject;
    const signalled = (decision: DecisionMessage['decision']) => (message: SignalledDecision) => {
      // A signal has no validator: a malformed one is still queued, verified, refused and recorded.
      this.#approval.enqueue('signal', legible(message, decision));
    };
    setHandler(approveSignal, signalled('approve'), {
      description: 'Approve: {version, evidenceDigest, comment, decidedBy}',
    });
    setHandler(rejectSignal, signalled('reject'), {
      description: 'Reject: {version, evidenceDigest, comment, decidedBy}',
    });
    setHandler(
      supersededSignal,
      (message: Partial<{ by: number }> | undefined) => {
        const by = message?.by;
        if (by === undefined || !Number.isInteger(by) || by <= subject.version) {
          log.warn('ignored a signal "superseded" that does not name a newer version');
        } else this.#approval.settle({ kind: 'superseded', by });
      },
      { description: 'Sent by Tidegate when a newer version has replaced this one in Staging' },
    );
    setHandler(decideUpdate, (message) => this.#decide(message), {
      description: 'Decide, and return whether the decision was accepted',
      validator: (message) => {
        const problem = malformed(message);
        if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'INVALID_REQUEST');
      },
    });
  }

  /** How the wait ended; `undefined` while it lasts. */
  get outcome(): ApprovalOutcome | undefined {
    return this.#approval.outcome;
  }

  /** Waits until a decision is accepted. Calls `remind` at each interval; the wait expires at the deadline. */
  async waitForOutcome(
    deadline: number,
    remindEveryMs: number,
    remind: () => void,
  ): Promise<ApprovalOutcome> {
    let remindAt = Date.now() + remindEveryMs;
    const isWoken = (): boolean => this.#approval.hasNext || this.outcome !== undefined;
    for (;;) {
      if (this.outcome) return this.outcome;
      const now = Date.now();
      // Check the deadline first: a decision that is read after the deadline may also have been sent after it.
      if (now >= deadline) this.#approval.settle({ kind: 'expired' });
      else if (this.#approval.hasNext) await this.#verifyNext();
      else if (now >= remindAt) {
        remind();
        remindAt = now + remindEveryMs;
      } else await condition(isWoken, Math.min(deadline, remindAt) - now);
    }
  }

  /** Verifies decisions that arrived after the outcome, so that each is recorded and every update is answered. */
  async close(): Promise<void> {
    const isDone = (): boolean => !this.#approval.hasNext && allHandlersFinished();
    await CancellationScope.nonCancellable(async () => {
      while (!isDone()) {
        if (this.#approval.hasNext) await this.#verifyLate();
        else await condition(() => this.#approval.hasNext || allHandlersFinished());
      }
    });
  }

  async #verifyLate(): Promise<void> {
    try {
      await this.#verifyNext();
    } catch (error) {
      log.warn('a late decision was not verified', { error: describeFailure(error).message });
    }
  }

  async #verifyNext(): Promise<void> {
    const entry = this.#approval.next();
    if (!entry) return;
    try {
      this.#approval.record(entry, await this.#verify(entry));
    } catch (error) {
      // Report the failure to the sender; otherwise a pending update would keep the run open.
      const refusal = `the decision could not be verified: ${describeFailure(error).message}`;
      this.#approval.record(entry, { accepted: false, decision: entry.message.decision, refusal });
      throw error;
    }
  }

  /**
   * Even a cancelled run waits for the result, because sender and run must agree on whether the decision was accepted.
   */
  #verify({ position, channel, message }: QueuedDecision): Promise<DecisionResult> {
    const request = `${workflowInfo().runId}/${position}`;
    return CancellationScope.nonCancellable(() =>
      verifyDecision({ ...this.#subject, request, channel, message }),
    );
  }

  async #decide(message: DecisionMessage): Promise<DecisionResult> {
    const entry = this.#approval.enqueue('update', legible(message, message.decision));
    await CancellationScope.nonCancellable(() => condition(() => entry.result !== undefined));
    return entry.result as DecisionResult;
  }
}
