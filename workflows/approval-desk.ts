// Where decisions on a pending version arrive: by signal, by update, or by time.
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type ApprovalOutcome,
  type DecisionMessage,
  type DecisionResult,
  malformed,
  PendingApproval,
  type QueuedDecision,
} from '../domain/lifecycle/approval.ts';
import { verifyDecision } from './activities.ts';
import {
  approveSignal,
  decideUpdate,
  rejectSignal,
  type SignalledDecision,
  supersededSignal,
} from './contracts.ts';

/** The version under decision. */
export interface Subject {
  readonly model: string;
  readonly version: number;
}

/**
 * Receives decisions from the moment it is made. Handlers only queue; `waitForOutcome` verifies, one at a time, so
 * that two decisions sent at once are seen in the order in which they arrived.
 */
export class ApprovalDesk {
  readonly #subject: Subject;
  readonly #approval = new PendingApproval();

  constructor(subject: Subject) {
    this.#subject = subject;
    const signalled = (decision: DecisionMessage['decision']) => (message: SignalledDecision) => {
      // A signal has no validator: one that cannot be read is still queued, verified, refused and recorded.
      this.#approval.enqueue('signal', { ...message, decision });
    };
    setHandler(approveSignal, signalled('approve'), {
      description: 'Approve: {version, evidenceDigest, comment, decidedBy}',
    });
    setHandler(rejectSignal, signalled('reject'), {
      description: 'Reject: {version, evidenceDigest, comment, decidedBy}',
    });
    setHandler(supersededSignal, ({ by }) => this.#approval.settle({ kind: 'superseded', by }));
    setHandler(decideUpdate, (message) => this.#decide(message), {
      description: 'Decide and hear whether the decision counted',
      validator: (message) => {
        const problem = malformed(message);
        if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'INVALID_REQUEST');
      },
    });
  }

  /** Ends the waiting from inside, unless it has ended. */
  settle(outcome: ApprovalOutcome): void {
    this.#approval.settle(outcome);
  }

  /** Waits for a decision that counts; `remind` is called at each interval, and the deadline expires the wait. */
  async waitForOutcome(
    deadline: number,
    remindEveryMs: number,
    remind: () => void,
  ): Promise<ApprovalOutcome> {
    for (;;) {
      await this.#verifyQueued();
      if (this.#approval.outcome) return this.#approval.outcome;
      const left = deadline - Date.now();
      if (left <= 0) {
        this.#approval.settle({ kind: 'expired' });
        continue;
      }
      const isWoken = () => this.#approval.hasNext || this.#approval.outcome !== undefined;
      const woken = await condition(isWoken, Math.min(left, remindEveryMs));
      if (!woken && deadline > Date.now()) remind();
    }
  }

  /** Verifies what arrived after the outcome, so that each leaves its row, and answers every update. */
  async close(): Promise<void> {
    do {
      await this.#verifyQueued();
      await condition(() => this.#approval.hasNext || allHandlersFinished());
    } while (this.#approval.hasNext);
  }

  async #verifyQueued(): Promise<void> {
    for (let entry = this.#approval.next(); entry; entry = this.#approval.next()) {
      this.#approval.record(entry, await this.#verify(entry));
    }
  }

  #verify({ position, channel, message }: QueuedDecision): Promise<DecisionResult> {
    const request = `${workflowInfo().runId}/${position}`;
    return verifyDecision({ ...this.#subject, request, channel, message });
  }

  async #decide(message: DecisionMessage): Promise<DecisionResult> {
    const entry = this.#approval.enqueue('update', message);
    await condition(() => entry.result !== undefined);
    return entry.result as DecisionResult;
  }
}
