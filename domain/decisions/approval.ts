// The state of a pending decision. Workflow code runs this file: a change here needs `patched`.

import { MAX_NAME, MAX_TEXT, nameProblem, sameName, textProblem } from './written-text.ts';

/** The message by which a person decides on a version, sent as a signal or an update. */
export interface DecisionMessage {
  readonly version: number;
  /** Digest of the evidence that the person read; a decision that names other evidence is refused. */
  readonly evidenceDigest: string;
  readonly decision: 'approve' | 'reject';
  /** With a grant it may be left out, because the grant has the comment. */
  readonly comment: string;
  /** Who decides, as stated by the sender. With a grant it may be left out; if it names somebody else, it is refused. */
  readonly decidedBy?: string;
  /** The grant that the API issued to the person; absent if nobody was authenticated. */
  readonly grantId?: string;
}

/** How a decision arrived. */
export type Channel = 'signal' | 'update';

/** The result of one decision that was sent. */
export interface DecisionResult {
  readonly accepted: boolean;
  readonly decision: 'approve' | 'reject';
  /** Why it was refused; absent if it was accepted. */
  readonly refusal?: string;
  /** The person whose grant was used; absent if nobody was authenticated. */
  readonly decidedBy?: string;
  /** True if the person had requested the version, which the policy must allow. */
  readonly selfApproved?: true;
  /** The reason, if an admin approved in an emergency. */
  readonly breakGlass?: string;
  /** False if the wait goes on, because more people have to agree; absent if an accepted decision ended it. */
  readonly settles?: false;
  /** How many people have agreed so far, and how many have to; only while the wait goes on. */
  readonly people?: number;
  readonly needed?: number;
  /** How the version was settled before, if this decision was refused after that. */
  readonly settled?: {
    readonly kind: 'approved' | 'rejected';
    readonly decidedBy: string;
    readonly comment: string;
  };
}

/** How the wait for a decision ended. */
export type ApprovalOutcome =
  | {
      readonly kind: 'approved' | 'rejected';
      readonly message: { readonly decidedBy: string; readonly comment: string };
    }
  | { readonly kind: 'expired' }
  | { readonly kind: 'superseded'; readonly by: number };

/** A decision in the queue; `result` is set once it has been verified. */
export interface QueuedDecision {
  readonly position: number;
  readonly channel: Channel;
  readonly message: DecisionMessage;
  /** The id that the sender gave the update; absent for a signal. */
  readonly updateId?: string;
  result?: DecisionResult;
}

/** Placeholder in the commands that people copy; they must replace it with their name. */
export const NAME_TO_REPLACE = 'your name';

// A grant's id is a UUID.
const MAX_GRANT_ID = 36;

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Whether a value has the shape of a grant's id; it may still name no grant. */
export const isGrantId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length <= longest;

/** Returns why a message is not a valid decision, or `undefined` if it is valid. */
export function malformed(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return 'a decision is an object';
  const { version, evidenceDigest, decision, comment, decidedBy, grantId } = message as Record<
    string,
    unknown
  >;
  if (!Number.isInteger(version) || (version as number) < 1) return 'version must be a whole number from 1';
  if (!isText(evidenceDigest, 64) || !/^[0-9a-f]{64}$/.test(evidenceDigest)) {
    return 'evidenceDigest must be the 64 hexadecimal digits shown with the request';
  }
  if (decision !== 'approve' && decision !== 'reject') return 'decision must be "approve" or "reject"';
  const isGranted = grantId !== undefined;
  if (isGranted && !isGrantId(grantId)) {
    return 'grantId must be the id of a grant, as `tidegate grant` prints it';
  }
  const problem =
    (isGranted && comment === undefined ? undefined : textProblem('comment', comment)) ??
    (isGranted && decidedBy === undefined ? undefined : nameProblem('decidedBy', decidedBy));
  if (problem !== undefined) return problem;
  if (isGranted) return undefined;
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
  const { version, evidenceDigest, comment, decidedBy, grantId } = Object(message) as Record<string, unknown>;
  return {
    version: typeof version === 'number' ? version : undefined,
    evidenceDigest: shortened(evidenceDigest, 64),
    decision,
    comment: shortened(comment, MAX_TEXT),
    decidedBy: shortened(decidedBy, MAX_NAME),
    // Kept only if it is there, so that the step gets what it got before.
    ...(grantId !== undefined && { grantId: shortened(grantId, MAX_GRANT_ID) ?? '' }),
  } as DecisionMessage;
}

/** Refusals of decisions on one version beyond this many are counted, and leave no row. */
export const MAX_REFUSALS_WRITTEN = 1_000;

/** The most signals that wait to be verified; further ones are dropped and counted. */
export const MAX_SIGNALS_QUEUED = 1_000;

/** Decisions that were refused, and signals that were dropped because too many were waiting. */
export interface Refusals {
  readonly refused: number;
  readonly dropped: number;
}

/** Limits of a {@link PendingApproval}, and where an earlier run left off. */
interface ApprovalOptions extends Partial<Refusals> {
  /** The most signals that wait; with a limit, updates go before signals. @default no limit, as in earlier releases */
  readonly mostSignals?: number | undefined;
  /** @default MAX_REFUSALS_WRITTEN */
  readonly mostWritten?: number;
}

/** Decisions with a lower rank are verified first. */
const rankOf = ({ channel, message }: QueuedDecision, isBounded: boolean): number => {
  const isGranted = message.grantId !== undefined;
  if (!isBounded) return isGranted ? 0 : 1;
  // Temporal lets few updates wait at the same time, so they do not delay the signals for long.
  return (channel === 'update' ? 0 : 2) + (isGranted ? 0 : 1);
};

/**
 * Queues decisions in the order in which they arrived, and keeps the outcome. The first outcome is final. Later
 * decisions are refused, but they are still verified so that each of them is recorded.
 */
export class PendingApproval {
  readonly #queue: QueuedDecision[] = [];
  readonly #mostSignals: number | undefined;
  readonly #mostWritten: number;
  #arrived = 0;
  #signals = 0;
  #refused: number;
  #dropped: number;
  #outcome: ApprovalOutcome | undefined;

  constructor({
    mostSignals,
    mostWritten = MAX_REFUSALS_WRITTEN,
    refused = 0,
    dropped = 0,
  }: ApprovalOptions = {}) {
    this.#mostSignals = mostSignals;
    this.#mostWritten = mostWritten;
    this.#refused = refused;
    this.#dropped = dropped;
  }

  /** How many decisions were refused or dropped so far. */
  get refusals(): Refusals {
    return { refused: this.#refused, dropped: this.#dropped };
  }

  /** Whether a refusal still leaves a row. */
  get writesRefusals(): boolean {
    return this.#refused < this.#mostWritten;
  }

  get outcome(): ApprovalOutcome | undefined {
    return this.#outcome;
  }

  /** Whether a decision is waiting to be verified. */
  get hasNext(): boolean {
    return this.#queue.length > 0;
  }

  /** How many decisions are waiting to be verified. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Whether the sender of a waiting decision waits for the answer. */
  get isSomebodyWaiting(): boolean {
    return this.#queue.some(({ channel }) => channel === 'update');
  }

  /**
   * Adds a decision; `result` of the returned entry is set once it has been verified. Decisions with a grant go before
   * those without one, so that a flood of the latter does not delay them. A signal is dropped if too many are waiting; its
   * entry is then never verified.
   *
   * @param updateId the id that the sender gave the update
   */
  enqueue(channel: Channel, message: DecisionMessage, updateId?: string): QueuedDecision {
    const entry: QueuedDecision = {
      position: this.#arrived,
      channel,
      message,
      ...(updateId !== undefined && { updateId }),
    };
    this.#arrived += 1;
    const isBounded = this.#mostSignals !== undefined;
    if (isBounded && channel === 'signal' && this.#signals >= this.#mostSignals) {
      this.#dropped += 1;
      return entry;
    }
    if (channel === 'signal') this.#signals += 1;
    const rank = rankOf(entry, isBounded);
    const first = this.#queue.findIndex((waiting) => rankOf(waiting, isBounded) > rank);
    this.#queue.splice(first === -1 ? this.#queue.length : first, 0, entry);
    return entry;
  }

  /** Removes and returns the signalled decisions that have not been verified, at most `most` of them; the rest is dropped. */
  takeSignalled(most: number): DecisionMessage[] {
    const signalled = this.#queue.filter(({ channel }) => channel === 'signal');
    this.#queue.splice(0, this.#queue.length, ...this.#queue.filter(({ channel }) => channel === 'update'));
    this.#signals = 0;
    this.#dropped += Math.max(0, signalled.length - most);
    return signalled.slice(0, most).map(({ message }) => message);
  }

  /** Removes and returns the oldest decision that has not been verified. */
  next(): QueuedDecision | undefined {
    const entry = this.#queue.shift();
    if (entry?.channel === 'signal') this.#signals -= 1;
    return entry;
  }

  /**
   * Records the result of verification. An accepted decision ends the wait unless more people have to agree, and so does
   * the news that the version was settled before, such as by the run that this one was reset from.
   */
  record(entry: QueuedDecision, result: DecisionResult): void {
    entry.result = result;
    if (!result.accepted) this.#refused += 1;
    if (result.settled) {
      const { kind, ...message } = result.settled;
      this.settle({ kind, message });
    } else if (result.accepted && result.settles !== false) {
      const { decidedBy = 'unknown', comment = '' } = entry.message;
      const message = { ...entry.message, comment, decidedBy: result.decidedBy ?? decidedBy };
      this.settle({ kind: result.decision === 'approve' ? 'approved' : 'rejected', message });
    }
  }

  /** Ends the wait, unless it has already ended. */
  settle(outcome: ApprovalOutcome): void {
    this.#outcome ??= outcome;
  }
}
