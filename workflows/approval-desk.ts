// Receives the decisions on a pending version, by signal, by update or by expiry.
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  currentUpdateInfo,
  log,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type ApprovalOutcome,
  type DecisionMessage,
  type DecisionResult,
  legible,
  malformed,
  MAX_SIGNALS_QUEUED,
  PendingApproval,
  type QueuedDecision,
  type Refusals,
} from '../domain/decisions/approval.ts';
import { type Standing } from '../activities/verify-decision.ts';
import { readStanding, verifyDecision } from './activities.ts';
import {
  approveSignal,
  decideUpdate,
  rejectSignal,
  type SignalledDecision,
  supersededSignal,
  type WaitingRelease,
} from './protocol/messages.ts';
import { describeFailure } from './run-details.ts';

/** Patch id; stored in histories and must never change. */
export const GRANTS = 'grants';

/** Patch id: the queue of signals is bounded, and updates are known by their ids. */
const BOUNDED = 'bounded-queue';

/** The most signals, and the most grants that were answered, which one run hands to the next. */
const MAX_HANDED_OVER = 300;

/** Where the wait stands, as one run hands it to the next. */
export type HandedOver = Pick<
  WaitingRelease,
  'remindAt' | 'refused' | 'dropped' | 'seen' | 'people' | 'queue'
>;

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
  readonly #approval: PendingApproval;
  readonly #seen: string[];
  readonly #isBounded: boolean;
  #people: { approve: number; reject: number };
  #claimed: number | undefined;

  /** @param before where an earlier run left off, if this one continues it */
  constructor(subject: Subject, before?: HandedOver) {
    this.#subject = subject;
    const { refused = 0, dropped = 0 } = before ?? {};
    this.#isBounded = patched(BOUNDED);
    const mostSignals = this.#isBounded ? MAX_SIGNALS_QUEUED : undefined;
    this.#approval = new PendingApproval({ mostSignals, refused, dropped });
    this.#seen = [...(before?.seen ?? [])];
    this.#people = before?.people ?? { approve: 0, reject: 0 };
    for (const message of before?.queue ?? []) this.#approval.enqueue('signal', message);
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
        } else if (patched(GRANTS)) {
          // Anybody may have sent this: it counts only if the database shows it.
          this.#claimed = by;
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

  /** How many decisions were refused, and how many signals were dropped because too many were waiting. */
  get refusals(): Refusals {
    return this.#approval.refusals;
  }

  /** How the wait ended; `undefined` while it lasts. */
  get outcome(): ApprovalOutcome | undefined {
    return this.#approval.outcome;
  }

  /** Whether the database said that the version was settled before this run asked anybody. */
  wasSettledBefore = false;

  /** Ends the wait if the database shows that the version was settled or superseded. Returns what the database says. */
  async checkStanding(): Promise<Standing> {
    this.#claimed = undefined;
    const standing = await CancellationScope.nonCancellable(() => readStanding(this.#subject));
    const by = standing.archived?.supersededBy ?? undefined;
    if (standing.settled) {
      const { kind, ...message } = standing.settled;
      this.#approval.settle({ kind, message });
    } else if (by !== undefined) this.#approval.settle({ kind: 'superseded', by });
    return standing;
  }

  /** Checks whether the version was superseded, if somebody said so. */
  async checkClaim(): Promise<void> {
    if (this.#claimed === undefined) return;
    const by = this.#claimed;
    await this.checkStanding();
    if (!this.outcome) log.warn('ignored a signal "superseded" that the database does not confirm', { by });
  }

  /**
   * Waits until a decision settles the version. Calls `remind` at each interval; the wait expires at the deadline.
   *
   * @param remindAt when the next reminder is due. @default after one interval
   * @param note is called with a line about each decision after which the wait goes on
   * @param onRefused is called after each refusal
   * @param emergency is called with a line about an approval by break-glass
   * @returns undefined if the history has grown so long that another run should continue
   */
  async waitForOutcome(
    deadline: number,
    remindEveryMs: number,
    remind: () => void,
    {
      remindAt = Date.now() + remindEveryMs,
      note,
      onRefused,
      emergency,
    }: {
      remindAt?: number;
      note?: (line: string) => void;
      onRefused?: (refusals: Refusals) => void;
      emergency?: (line: string) => void;
    } = {},
  ): Promise<ApprovalOutcome | undefined> {
    this.#remindAt = remindAt;
    this.#note = note;
    this.#onRefused = onRefused;
    this.#emergency = emergency;
    const isWoken = (): boolean =>
      this.#approval.hasNext || this.outcome !== undefined || this.#claimed !== undefined;
    for (;;) {
      if (this.outcome) return this.outcome;
      const now = Date.now();
      if (this.#claimed !== undefined) await this.checkClaim();
      // Check the deadline first: a decision that is read after the deadline may also have been sent after it.
      else if (now >= deadline) await this.#expire();
      else if (this.#shouldHandOver()) return undefined;
      else if (this.#approval.hasNext) await this.#verifyNext();
      else if (now >= this.#remindAt) {
        remind();
        this.#remindAt = now + remindEveryMs;
      } else await condition(isWoken, Math.min(deadline, this.#remindAt) - now);
    }
  }

  #remindAt = 0;
  #note: ((line: string) => void) | undefined;
  #onRefused: ((refusals: Refusals) => void) | undefined;
  #emergency: ((line: string) => void) | undefined;

  /** Returns what the next run needs to go on where this one stopped. */
  handOver(): HandedOver {
    return {
      remindAt: this.#remindAt,
      seen: this.#seen.slice(-MAX_HANDED_OVER),
      people: this.#people,
      queue: this.#approval.takeSignalled(MAX_HANDED_OVER),
      ...this.#approval.refusals,
    };
  }

  /** A run that was reset may find that the version was decided, although it waits until the deadline. */
  async #expire(): Promise<void> {
    if (patched(GRANTS)) await this.checkStanding();
    this.#approval.settle({ kind: 'expired' });
  }

  /** Whether the history has grown long, and nobody waits for an answer of this run. */
  #shouldHandOver(): boolean {
    if (!workflowInfo().continueAsNewSuggested) return false;
    return !this.#approval.isSomebodyWaiting && allHandlersFinished() && patched(GRANTS);
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
      const result = await this.#verify(entry);
      this.#approval.record(entry, result);
      this.#count(entry, result);
    } catch (error) {
      // Report the failure to the sender; otherwise a pending update would keep the run open.
      const refusal = `the decision could not be verified: ${describeFailure(error).message}`;
      this.#approval.record(entry, { accepted: false, decision: entry.message.decision, refusal });
      throw error;
    }
  }

  #count({ message: { grantId } }: QueuedDecision, result: DecisionResult): void {
    const { accepted, decision, decidedBy, people, needed, breakGlass } = result;
    if (!accepted) this.#onRefused?.(this.refusals);
    if (grantId !== undefined) this.#seen.push(grantId);
    if (breakGlass !== undefined) this.#emergency?.(`approved by ${decidedBy} by break-glass: ${breakGlass}`);
    if (people === undefined) return;
    this.#people = { ...this.#people, [decision]: people };
    this.#note?.(
      `${decision === 'approve' ? 'approved' : 'rejected'} by ${decidedBy}: ${people} of ${needed} people`,
    );
  }

  /**
   * Even a cancelled run waits for the result, because sender and run must agree on whether the decision was accepted.
   */
  #verify({ position, channel, message, updateId }: QueuedDecision): Promise<DecisionResult> {
    const { workflowId, runId } = workflowInfo();
    // The id of an update is the same if it is executed once more by the run that continues this one.
    const request = updateId === undefined ? `${runId}/${position}` : `${workflowId}/update/${updateId}`;
    return CancellationScope.nonCancellable(() =>
      verifyDecision({
        ...this.#subject,
        request,
        channel,
        message,
        // Left out as long as it is true, as in the histories of earlier releases.
        ...(!this.#approval.writesRefusals && { writeRefusal: false }),
      }),
    );
  }

  async #decide(message: DecisionMessage): Promise<DecisionResult> {
    const updateId = this.#isBounded ? currentUpdateInfo()?.id : undefined;
    const entry = this.#approval.enqueue('update', legible(message, message.decision), updateId);
    await CancellationScope.nonCancellable(() => condition(() => entry.result !== undefined));
    return entry.result as DecisionResult;
  }
}
