// Helpers that all steps share: connections, the run of a step, progress and cancellation, and checks of input.
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { type Client } from '@temporalio/client';
import { TidegateError } from '../domain/errors.ts';
import { nameProblem, textProblem } from '../domain/decisions/written-text.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Authority } from '../store/registry/stage-moves.ts';
import { type ComputeControl } from './compute/pool.ts';
import { type FreezeControl } from '../store/datasets/freeze.ts';
import { type Failed } from '../domain/judgements.ts';

/** A webhook or a chat. */
export interface HttpTarget {
  /** Its name in the log of deliveries. */
  readonly name: string;
  /** A webhook receives CloudEvents; Slack, or a chat that is compatible with it, receives one line of text. */
  readonly type: 'webhook' | 'slack';
  readonly url: string;
  /** Signs what a webhook receives. */
  readonly secret?: string | undefined;
}

/** People who get an e-mail. */
export interface EmailTarget {
  /** Its name in the log of deliveries. */
  readonly name: string;
  readonly type: 'email';
  /** The mail server, such as `smtp://user@mail.example.org:587`. */
  readonly url: string;
  readonly password?: string | undefined;
  /** The sender's address. */
  readonly from: string;
  readonly to: readonly string[];
}

/** Where notifications are sent. */
export type NotificationTarget = HttpTarget | EmailTarget;

/** The targets of notifications, and whether webhooks and chats may be at loopback and private addresses. */
export interface NotificationSettings {
  readonly targets: readonly NotificationTarget[];
  readonly allowPrivate: boolean;
  /** Address of the API for browsers, without a slash at the end: messages then contain a link to a page. */
  readonly publicUrl?: string | undefined;
}

/** Connections and settings of the worker process. */
export interface ActivityDeps {
  readonly database: Database;
  /** Starts and signals other runs. */
  readonly client: Client;
  readonly taskQueue: string;
  /** Where notifications are posted; absent means that they are only logged. */
  readonly notifications?: NotificationSettings;
  /** A window with more rows than this is profiled in parts of about this many rows. @default PART_ROWS */
  readonly partRows?: number;
}

/** The workflow run that an activity works for. */
export interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

/** Returns the run of the current activity. */
export function currentRun(): RunRef {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new TidegateError('DEFECT', 'this activity must be called by a workflow');
  return { workflowId: workflowExecution.workflowId, runId: workflowExecution.runId };
}

/** Checks that a value is the name of a person. @throws TidegateError INVALID_REQUEST, which is not retried */
export function requireName(at: string, value: unknown): void {
  const problem = nameProblem(at, value);
  if (problem !== undefined) throw new TidegateError('INVALID_REQUEST', problem);
}

/** Checks that a value is a comment or reason. @throws TidegateError INVALID_REQUEST */
export function requireText(at: string, value: unknown): void {
  const problem = textProblem(at, value);
  if (problem !== undefined) throw new TidegateError('INVALID_REQUEST', problem);
}

/** The authority that is recorded for a stage change if a rule and not a person made it. */
export const byRule = (evidenceDigest: string | null = null): Authority => ({
  actor: 'tidegate',
  authority: 'rule',
  evidenceDigest,
  ...currentRun(),
});

/**
 * Heartbeat and cancellation of the current activity, as options for freezing.
 *
 * @example { request, window, ...freezeControl() }
 */
export const freezeControl = (): FreezeControl => ({ onProgress: heartbeat, signal: cancellationSignal() });

/**
 * Heartbeat and cancellation of the current activity, as options for a computation in a thread.
 *
 * @example await compute('tellApart', input, computeControl())
 */
export const computeControl = (): ComputeControl => ({ onProgress: heartbeat, signal: cancellationSignal() });

/** A report by its number. */
export interface ReportRef {
  readonly reportId: number;
}

/** A report, one part of which (quality, drift or performance) is to be measured. */
export interface ReportToJudge extends ReportRef {
  /** The error of the last attempt, if the part is to be recorded as failed; absent if the part is to be measured. */
  readonly failed?: Failed;
}

/** A result with one line of text for the details of the run. */
export interface Described {
  readonly words: string;
}

/** The reason why a part of a report that needs a champion is missing, before the first version is in Production. */
export const NO_CHAMPION = 'no version is in Production yet';
