// The protocol of the loops: names, messages and results. Names in this file are API.
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { type DecisionMessage, type DecisionResult } from '../../domain/decisions/approval.ts';
import { type PendingEvidence } from '../../activities/evidence.ts';
import { type Materialized } from '../../domain/data/materialized.ts';

/** The result of materializing one definition. */
export interface MaterializedDefinition extends Omit<Materialized, 'asOf'> {
  readonly definitionVersion: number;
  /** ISO 8601. */
  readonly asOf: string;
  readonly words: string;
}

/** The default task queue of workers. */
export const DEFAULT_TASK_QUEUE = 'tidegate';

/**
 * The task queue of the parts of large windows. A worker takes one part at a time, so that the work is shared evenly
 * among any number of workers.
 */
export const partQueue = (taskQueue: string): string => `${taskQueue}-parts`;

/**
 * The task queue of steps that a person waits for: decisions, promotions, rollbacks. Each worker reserves slots for it,
 * so that these steps do not wait behind the work on other models.
 */
export const peopleQueue = (taskQueue: string): string => `${taskQueue}-people`;

/** The task queue of notifications: a webhook that hangs occupies only slots of this queue. */
export const noticeQueue = (taskQueue: string): string => `${taskQueue}-notices`;

/** The task queue of trees workers, which are written in Python. */
export const treesQueue = (taskQueue: string): string => `${taskQueue}-trees`;

/** Search attributes of every run; they must be registered with the server. */
export const searchAttributes = {
  model: defineSearchAttributeKey('TidegateModel', SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey('TidegateStage', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('TidegateOutcome', SearchAttributeType.KEYWORD),
  version: defineSearchAttributeKey('TidegateVersion', SearchAttributeType.INT),
} as const;

/** Workflow ids: business names, so that a second run of the same thing is refused or joined. */
export const workflowIds = {
  monitor: (model: string) => `monitor/${model}`,
  /** A window that is measured again because the labels of its report have arrived. */
  monitorAgain: (model: string, reportId: number) => `monitor/${model}/again/${reportId}`,
  retrain: (model: string) => `retrain/${model}`,
  release: (model: string, version: number) => `release/${model}/${version}`,
  rollback: (model: string) => `rollback/${model}`,
  watch: (model: string, version: number) => `watch/${model}/${version}`,
  materialize: (model: string) => `materialize/${model}`,
  trees: (fitId: number) => `trees/${fitId}`,
  /** One notification, under an id of its own. */
  notice: (model: string, id: string) => `notice/${model}/${id}`,
} as const;

/** Names under which the loops are registered. */
export const workflowTypes = {
  monitor: 'monitorWorkflow',
  retrain: 'retrainWorkflow',
  release: 'releaseWorkflow',
  rollback: 'rollbackWorkflow',
  watch: 'watchWorkflow',
  materialize: 'materializeWorkflow',
  trees: 'treesWorkflow',
  notice: 'noticeWorkflow',
} as const;

/** Names one fit of trees by the id of its database row. */
export interface TreesInput {
  readonly fitId: number;
}

export interface MonitorInput {
  readonly model: string;
  /** The end of the window, ISO 8601. A scheduled run omits it and uses its scheduled time. */
  readonly asOf?: string;
  /** For display only: who started it is known from the grant. Absent for a schedule. */
  readonly requestedBy?: string;
  /** The grant of the person who started it; absent for a schedule, and if nobody was authenticated. */
  readonly grantId?: string;
}

export interface MonitorResult {
  readonly reportId: number;
  readonly outcome: string;
  /** The retrain that this run requested; null if it requested none. */
  readonly retrainId: string | null;
  readonly summary: string;
}

/** A request for a retrain; `retrainId` makes all steps of the retrain idempotent. */
export interface RetrainRequest {
  readonly retrainId: string;
  readonly model: string;
  /** The report that caused the request; null if a person made the request. */
  readonly reportId: number | null;
  /**
   * End of the window on which the candidate is evaluated; null for the window of the report or, without a report, for
   * the window that ends at the newest row with a label.
   */
  readonly asOf: string | null;
  readonly trigger: string;
  /** For display only: who asks for it is known from the grant, or from the run that caused it. */
  readonly requestedBy: string;
  /** The grant of the person who asks; absent if a run asks, and if nobody was authenticated. */
  readonly grantId?: string;
  /** Whether the candidate is a model file that was uploaded for this retrain, and is not trained. @default false */
  readonly isUploaded?: boolean;
}

export interface RetrainInput {
  readonly model: string;
}

export interface RetrainResult {
  readonly retrainId: string;
  readonly outcome: 'staged' | 'refused' | 'skipped';
  /** The candidate; null if the window was refused before training. */
  readonly version: number | null;
  readonly summary: string;
}

export interface ReleaseInput {
  readonly model: string;
  readonly version: number;
  readonly retrainId: string;
  /** After this many milliseconds without a decision the version is archived as expired. */
  readonly expiresAfterMs: number;
  /** Interval between reminders, in milliseconds. */
  readonly remindEveryMs: number;
  /** How far an earlier run of this release came, if that run continued as this one because its history had grown long. */
  readonly resumed?: WaitingRelease;
}

/** A release that waits for a decision, as one run hands it to the next. */
export interface WaitingRelease {
  /** Digest, frozen policy and everything else that the person who decides is shown. */
  readonly evidence: PendingEvidence;
  /** When the wait ends, and when the next reminder is due: milliseconds since 1970. */
  readonly deadline: number;
  readonly remindAt: number;
  /** Lines of the run's details. */
  readonly lines: readonly string[];
  /** How many decisions were refused so far. */
  readonly refused: number;
  /** How many signals were dropped so far, because too many were waiting. @default 0 */
  readonly dropped?: number;
  /** Grants that were answered: a message with one of them is answered by the database. */
  readonly seen: readonly string[];
  /** How many people have agreed so far, by decision. */
  readonly people: { readonly approve: number; readonly reject: number };
  /** Signals that were not verified yet. */
  readonly queue: readonly DecisionMessage[];
}

/** How a release ended. */
export type ReleaseOutcome =
  'promoted' | 'rejected' | 'expired' | 'superseded' | 'stale' | 'withdrawn' | 'validation failed';

export interface ReleaseResult {
  readonly version: number;
  readonly outcome: ReleaseOutcome;
  readonly summary: string;
}

/** The answer to the state query of a release. */
export interface ReleaseState {
  readonly model: string;
  readonly version: number;
  readonly phase: 'validating' | 'waiting' | 'promoting' | 'closed';
  /** Digest of the evidence, which a decision must name; null until the evidence is complete. */
  readonly evidenceDigest: string | null;
  readonly expiresAt: string | null;
  /** How the release ended, `failed` if a step used up its retries; null while it runs. */
  readonly outcome: ReleaseOutcome | 'failed' | null;
  /** How many decisions were refused so far; absent if none was. The first 1,000 leave a row. */
  readonly refused?: number;
  /** How many signals were dropped because too many were waiting; absent if none was. */
  readonly dropped?: number;
}

/** The answer to the state query of a retrain. */
export interface RetrainState {
  readonly model: string;
  readonly retrainId: string | null;
  readonly step: string;
  readonly waiting: number;
}

/** The answer to the state query of a monitor run. */
export interface MonitorState {
  readonly model: string;
  readonly step: string;
  readonly reportId: number | null;
}

export interface RollbackInput {
  readonly model: string;
  /** The version to go back to; absent means the previous champion. */
  readonly toVersion?: number;
  /** For display only: who asks for it is known from the grant. */
  readonly requestedBy: string;
  readonly reason: string;
  /** The grant of the person who asks; absent if nobody was authenticated. */
  readonly grantId?: string;
  /** Grants of further people, if the policy asks for the word of several. */
  readonly grantIds?: readonly string[];
}

export interface RollbackResult {
  readonly from: number;
  readonly to: number;
  readonly summary: string;
}

/** Names the version to watch after its promotion. */
export interface WatchInput {
  readonly model: string;
  readonly version: number;
}

export interface WatchResult {
  readonly version: number;
  /** How the watch ended; `off` if there was nothing to watch. */
  readonly outcome:
    'off' | 'kept' | 'broken' | 'rolled back' | 'left Production' | 'not measured' | 'cancelled';
  readonly summary: string;
}

/** The answer to the state query of a watch. */
export interface WatchState {
  readonly model: string;
  readonly version: number;
  /** ISO 8601; null until the watch has begun. */
  readonly endsAt: string | null;
  /** Names of the rules that were broken at any look. */
  readonly broken: readonly string[];
  /** Null while the watch is under way. */
  readonly outcome: WatchResult['outcome'] | null;
}

export interface MaterializeInput {
  readonly model: string;
  /** The instant of the rows, ISO 8601. A scheduled run omits it and uses its scheduled time. */
  readonly asOf?: string;
  /** Whether to process every entity. @default false, only those that may have changed */
  readonly full?: boolean;
  /** Whether to rewrite every row as of the instant, even rows of a later instant. @default false */
  readonly reset?: boolean;
  /** Processes only entities with a source row whose timestamp is in `(from, to]`, ISO 8601. */
  readonly range?: { readonly from: string; readonly to: string };
  /** The definition to materialize. @default every one in use */
  readonly definitionVersion?: number;
  /** For display only: who started it is known from the grant. Absent for a schedule. */
  readonly requestedBy?: string;
  /** The grant of the person who started it; absent for a schedule, and if nobody was authenticated. */
  readonly grantId?: string;
}

export interface MaterializeResult {
  readonly asOf: string;
  readonly definitions: readonly MaterializedDefinition[];
  /** Unused definitions whose rows were removed. */
  readonly removedDefinitions: readonly number[];
  readonly summary: string;
}

/** The answer to the state query of a materialization. */
export interface MaterializeState {
  readonly model: string;
  readonly step: string;
}

/** A decision sent as a signal; the name of the signal says whether the decision approves or rejects. */
export type SignalledDecision = Omit<DecisionMessage, 'decision'>;

/** Approves the pending version. A signal gets no answer; the result is recorded among the model's decisions. */
export const approveSignal = defineSignal<[SignalledDecision]>('approve');
/** Rejects the pending version. */
export const rejectSignal = defineSignal<[SignalledDecision]>('reject');
/** Approves or rejects the pending version, and returns whether the decision was accepted. */
export const decideUpdate = defineUpdate<DecisionResult, [DecisionMessage]>('decide');
/** Notifies a waiting release that a newer candidate has replaced its version in Staging. */
export const supersededSignal = defineSignal<[{ by: number }]>('superseded');
/** Adds a request to the retrain loop of a model. */
export const retrainRequestedSignal = defineSignal<[RetrainRequest]>('retrainRequested');

export const releaseStateQuery = defineQuery<ReleaseState>('state');
export const retrainStateQuery = defineQuery<RetrainState>('state');
export const monitorStateQuery = defineQuery<MonitorState>('state');
export const watchStateQuery = defineQuery<WatchState>('state');
export const materializeStateQuery = defineQuery<MaterializeState>('state');
