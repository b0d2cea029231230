// What every step works with: its connections, the run it belongs to, progress and cancellation, and checks of its input.
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { type Client } from '@temporalio/client';
import { TidegateError } from '../domain/errors.ts';
import { nameProblem, textProblem } from '../domain/decisions/written-text.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Authority } from '../store/registry/stage-moves.ts';
import { type ComputeControl } from './compute/pool.ts';
import { type FreezeControl } from '../store/datasets/freeze.ts';
import { type Failed } from '../domain/judgements.ts';

/** Connections and settings of the worker process. */
export interface ActivityDeps {
  readonly database: Database;
  /** Starts and signals other runs. */
  readonly client: Client;
  readonly taskQueue: string;
  /** Where notifications are posted; absent means nowhere. */
  readonly webhookUrl?: string;
  /** A window of more rows is profiled in parts of about so many. @default PART_ROWS */
  readonly partRows?: number;
}

/** The workflow run that an activity works for. */
export interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

/** The run of the activity that calls. */
export function currentRun(): RunRef {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new TidegateError('DEFECT', 'this activity runs for a workflow only');
  return { workflowId: workflowExecution.workflowId, runId: workflowExecution.runId };
}

/** Refuses what is no name of a person. @throws TidegateError INVALID_REQUEST, which no retry mends */
export function requireName(at: string, value: unknown): void {
  const problem = nameProblem(at, value);
  if (problem !== undefined) throw new TidegateError('INVALID_REQUEST', problem);
}

/** Refuses what is no comment or reason. @throws TidegateError INVALID_REQUEST */
export function requireText(at: string, value: unknown): void {
  const problem = textProblem(at, value);
  if (problem !== undefined) throw new TidegateError('INVALID_REQUEST', problem);
}

/** The authority of a move that a rule made, and no person. */
export const byRule = (evidenceDigest: string | null = null): Authority => ({
  actor: 'tidegate',
  authority: 'rule',
  evidenceDigest,
  ...currentRun(),
});

/** Progress as heartbeats, and the cancellation of the activity that calls. @example { request, window, ...followed() } */
export const followed = (): FreezeControl => ({ onProgress: heartbeat, signal: cancellationSignal() });

/** The same for what runs in a compute thread. @example await compute('tellApart', input, beside()) */
export const beside = (): ComputeControl => ({ onProgress: heartbeat, signal: cancellationSignal() });

/** A report by its number. */
export interface ReportRef {
  readonly reportId: number;
}

/** A report to judge a part of. */
export interface ReportToJudge extends ReportRef {
  /** What ended the attempts before: the part is recorded as failed. Absent while it may still be made. */
  readonly failed?: Failed;
}

/** One line for the run's details. */
export interface InWords {
  readonly words: string;
}

/** Why a part that needs a champion is unmeasured before the first is in Production. */
export const NO_CHAMPION = 'no version is in Production yet';
