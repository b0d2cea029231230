// The state of a pending decision. Workflow code runs this file: a change here needs `patched`.

import { MAX_NAME, MAX_TEXT, nameProblem, sameName, textProblem } from './written-text.ts';

/** The message by which a person decides on a version, sent as a signal or an update. */
export interface DecisionMessage {
  readonly version: number;
  /** Digest of the evidence that the person read; a decision that names other evidence is refused. */
  readonly evidenceDigest: string;
  readonly decision: 'approve' | 'reject';
  readonly comment: string;
  /** Who decides, as stated by the sender; not authenticated. */
  readonly decidedBy: string;
}

/** How a decision arrived. */
export type Channel = 'signal' | 'update';

/** The result of one decision that was sent. */
export interface DecisionResult {
  readonly accepted: boolean;
  readonly decision: 'approve' | 'reject';
  /** Why it was refused; absent if it was accepted. */
  readonly refusal?: string;
}

/** How the wait for a decision ended. */
export type ApprovalOutcome =
  | { readonly kind: 'approved' | 'rejected'; readonly message: DecisionMessage }
  | { readonly kind: 'expired' }
  | { readonly kind: 'superseded'; readonly by: number };

/** A decision in the queue; `result` is set once it has been verified. */
export interface QueuedDecision {
  readonly position: number;
  readonly channel: Channel;
  readonly message: DecisionMessage;
  result?: DecisionResult;
}

/** Placeholder in the commands that people copy; they must replace it with their name. */
export const NAME_TO_REPLACE = 'your name';

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length <= longest;

/** Returns why a message is not a valid decision, or `undefined` if it is valid. */
export function malformed(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return 'a decision is an object';
  const { version, evidenceDigest, decision, comment, decidedBy } = message as Record<string, unknown>;
  if (!Number.isInteger(version) || (version as number) < 1) return 'version must be a whole number from 1';
  if (!isText(evidenceDigest, 64) || !/^[0-9a-f]{64}$/.test(evidenceDigest)) {
    return 'evidenceDigest must be the 64 hexadecimal digits shown with the request';
  }
  if (decision !== 'approve' && decision !== 'reject') return 'decision must be "approve" or "reject"';
  const problem = textProblem('comment', comment) ?? nameProblem('decidedBy', decidedBy);
  if (problem !== undefined) return problem;
  if (sameName(decidedBy as string, NAME_TO_REPLACE)) return `decidedBy still says "${NAME_TO_REPLACE}"`;
  return undefined;
}

// Keeps one character more than is allowed, so that a text that was too long is still refused. Postgres cannot store
// NUL.
const shortened = (value: unknown, longest: number): string | undefined =>
  typeof value === 'string' ? value.slice(0, longest + 1).replaceAll('\0', '\uFFFD') : undefined;

/**
 * Reduces a message of any shape and size to the fields of a decision, so that it can be verified, refused and
 * recorded. A valid message is unchanged; a malformed one remains malformed.
 */
export function legible(message: unknown, decision: DecisionMessage['decision']): DecisionMessage {
  const { version, evidenceDigest, comment, decidedBy } = Object(message) as Record<string, unknown>;
  return {
    version: typeof version === 'number' ? version : undefined,
    evidenceDigest: shortened(evidenceDigest, 64),
    decision,
    comment: shortened(comment, MAX_TEXT),
    decidedBy: shortened(decidedBy, MAX_NAME),
  } as DecisionMessage;
}

/**
 * Queues decisions in the order in which they arrived, and keeps the outcome. The first outcome is final. Later
 * decisions are refused, but they are still verified so that each of them is recorded.
 */
export class PendingApproval {
  readonly #queue: QueuedDecision[] = [];
  #arrived = 0;
  #outcome: ApprovalOutcome | undefined;

  get outcome(): ApprovalOutcome | undefined {
    return this.#outcome;
  }

  /** Whether a decision is waiting to be verified. */
  get hasNext(): boolean {
    return this.#queue.length > 0;
  }

  /** Adds a decision; `result` of the returned entry is set once it has been verified. */
  enqueue(channel: Channel, message: DecisionMessage): QueuedDecision {
    const entry: QueuedDecision = { position: this.#arrived, channel, message };
    this.#arrived += 1;
    this.#queue.push(entry);
    return entry;
  }

  /** Removes and returns the oldest decision that has not been verified. */
  next(): QueuedDecision | undefined {
    return this.#queue.shift();
  }

  /** Records the result of verification; an accepted decision ends the wait. */
  record(entry: QueuedDecision, result: DecisionResult): void {
    entry.result = result;
    if (result.accepted) {
      this.settle({ kind: result.decision === 'approve' ? 'approved' : 'rejected', message: entry.message });
    }
  }

  /** Ends the wait, unless it has already ended. */
  settle(outcome: ApprovalOutcome): void {
    this.#outcome ??= outcome;
  }
}
