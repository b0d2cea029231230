// The state of a pending decision. Workflow code runs this file: a change here needs `patched`.

import { MAX_NAME, MAX_TEXT, nameProblem, sameName, textProblem } from './written-text.ts';

/** What a person sends to decide on a version, by signal or by update. */
export interface DecisionMessage {
  readonly version: number;
  /** Digest of the evidence that was read; a decision on other evidence is refused. */
  readonly evidenceDigest: string;
  readonly decision: 'approve' | 'reject';
  readonly comment: string;
  /** Who decides, as the sender says. */
  readonly decidedBy: string;
}

/** How a decision arrived. */
export type Channel = 'signal' | 'update';

/** What became of one decision that was sent. */
export interface DecisionResult {
  readonly accepted: boolean;
  readonly decision: 'approve' | 'reject';
  /** Why it was refused; absent when accepted. */
  readonly refusal?: string;
}

/** How the waiting ended. */
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

/** Stands in the messages that people copy, for the name that they must put in its place. */
export const NAME_TO_REPLACE = 'your name';

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length <= longest;

/** Why a message cannot be read as a decision; `undefined` when it can. */
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

// One more than is allowed, so that what was too long stays so; NUL is a character that no database text can hold.
const cut = (value: unknown, longest: number): string | undefined =>
  typeof value === 'string' ? value.slice(0, longest + 1).replaceAll('\0', '\uFFFD') : undefined;

/**
 * What a message says of a decision and nothing else, so that one of any shape and size can be verified, refused and
 * recorded. A message that is not malformed stays as it is; one that is, remains malformed.
 */
export function legible(message: unknown, decision: DecisionMessage['decision']): DecisionMessage {
  const { version, evidenceDigest, comment, decidedBy } = Object(message) as Record<string, unknown>;
  return {
    version: typeof version === 'number' ? version : undefined,
    evidenceDigest: cut(evidenceDigest, 64),
    decision,
    comment: cut(comment, MAX_TEXT),
    decidedBy: cut(decidedBy, MAX_NAME),
  } as DecisionMessage;
}

/**
 * Decisions in the order they arrived, and how the waiting ended. The first outcome stays: later decisions are
 * still verified, so that each leaves its row, and are refused.
 */
export class PendingApproval {
  readonly #queue: QueuedDecision[] = [];
  #arrived = 0;
  #outcome: ApprovalOutcome | undefined;

  get outcome(): ApprovalOutcome | undefined {
    return this.#outcome;
  }

  /** Whether a decision waits to be verified. */
  get hasNext(): boolean {
    return this.#queue.length > 0;
  }

  /** Adds a decision; the entry receives its result later. */
  enqueue(channel: Channel, message: DecisionMessage): QueuedDecision {
    const entry: QueuedDecision = { position: this.#arrived, channel, message };
    this.#arrived += 1;
    this.#queue.push(entry);
    return entry;
  }

  /** Takes the oldest decision that has not been verified. */
  next(): QueuedDecision | undefined {
    return this.#queue.shift();
  }

  /** Records what verification said; an accepted decision ends the waiting. */
  record(entry: QueuedDecision, result: DecisionResult): void {
    entry.result = result;
    if (result.accepted) {
      this.settle({ kind: result.decision === 'approve' ? 'approved' : 'rejected', message: entry.message });
    }
  }

  /** Ends the waiting, unless it has ended. */
  settle(outcome: ApprovalOutcome): void {
    this.#outcome ??= outcome;
  }
}
