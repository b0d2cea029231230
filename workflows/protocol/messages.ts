// What the outside world and the loops say to each other: names, messages and results. Names here are API.
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { type DecisionMessage, type DecisionResult } from '../../domain/decisions/approval.ts';
import { type Materialized } from '../../domain/data/materialized.ts';

/** What became of the rows of one definition. */
export interface MaterializedDefinition extends Omit<Materialized, 'asOf'> {
  readonly definitionVersion: number;
  /** ISO 8601. */
  readonly asOf: string;
  readonly words: string;
}

/** The Task Queue that workers listen on unless told otherwise. */
export const DEFAULT_TASK_QUEUE = 'tidegate';

/**
 * The Task Queue of the parts of large windows. A worker takes one of them at a time, so that each has its share,
 * however many workers there are.
 */
export const partQueue = (taskQueue: string): string => `${taskQueue}-parts`;

/**
 * The task queue of what a person waits for: decisions, promotions, rollbacks. Each worker keeps slots for it, so that
 * nobody waits behind the work on other models.
 */
export const peopleQueue = (taskQueue: string): string => `${taskQueue}-people`;

/** The task queue of notifications: a webhook that hangs takes slots of this queue only. */
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
  /** A window that is measured anew since the labels of its report have come. */
  monitorAgain: (model: string, reportId: number) => `monitor/${model}/again/${reportId}`,
  retrain: (model: string) => `retrain/${model}`,
  release: (model: string, version: number) => `release/${model}/${version}`,
  rollback: (model: string) => `rollback/${model}`,
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
  materialize: 'materializeWorkflow',
  trees: 'treesWorkflow',
  notice: 'noticeWorkflow',
} as const;

/** One fit of trees, by its row. */
export interface TreesInput {
  readonly fitId: number;
}

export interface MonitorInput {
  readonly model: string;
  /** The instant the run speaks about, ISO 8601. A scheduled run leaves it out and takes its scheduled time. */
  readonly asOf?: string;
  /** Who started it by hand; absent for a schedule. */
  readonly requestedBy?: string;
}

export interface MonitorResult {
  readonly reportId: number;
  readonly outcome: string;
  /** The retrain that this run asked for; null where it asked for none. */
  readonly retrainId: string | null;
  readonly summary: string;
}

/** Asks for a retrain; `retrainId` makes everything that follows idempotent. */
export interface RetrainRequest {
  readonly retrainId: string;
  readonly model: string;
  /** The report that caused it; null when a person asked. */
  readonly reportId: number | null;
  /** The instant whose window evaluates the candidate, where no report names one. */
  readonly asOf: string | null;
  readonly trigger: string;
  readonly requestedBy: string;
}

export interface RetrainInput {
  readonly model: string;
}

export interface RetrainResult {
  readonly retrainId: string;
  readonly outcome: 'staged' | 'refused' | 'skipped';
  /** The candidate; null where the window was refused before training. */
  readonly version: number | null;
  readonly summary: string;
}

export interface ReleaseInput {
  readonly model: string;
  readonly version: number;
  readonly retrainId: string;
  /** Waiting longer than this rejects, in milliseconds. */
  readonly expiresAfterMs: number;
  /** A reminder is sent this often, in milliseconds. */
  readonly remindEveryMs: number;
}

/** How a release ended. */
export type ReleaseOutcome =
  'promoted' | 'rejected' | 'expired' | 'superseded' | 'stale' | 'withdrawn' | 'validation failed';

export interface ReleaseResult {
  readonly version: number;
  readonly outcome: ReleaseOutcome;
  readonly summary: string;
}

/** What a release answers when asked. */
export interface ReleaseState {
  readonly model: string;
  readonly version: number;
  readonly phase: 'validating' | 'waiting' | 'promoting' | 'closed';
  /** Digest to decide on; null until the evidence is complete. */
  readonly evidenceDigest: string | null;
  readonly expiresAt: string | null;
  /** How it ended; `failed` when a step was out of retries. */
  readonly outcome: ReleaseOutcome | 'failed' | null;
}

/** What a retrain answers when asked. */
export interface RetrainState {
  readonly model: string;
  readonly retrainId: string | null;
  readonly step: string;
  readonly waiting: number;
}

/** What a monitor run answers when asked. */
export interface MonitorState {
  readonly model: string;
  readonly step: string;
  readonly reportId: number | null;
}

export interface RollbackInput {
  readonly model: string;
  /** The version to go back to; absent means the one before. */
  readonly toVersion?: number;
  readonly requestedBy: string;
  readonly reason: string;
}

export interface RollbackResult {
  readonly from: number;
  readonly to: number;
  readonly summary: string;
}

export interface MaterializeInput {
  readonly model: string;
  /** The instant of the rows, ISO 8601. A scheduled run leaves it out and takes its scheduled time. */
  readonly asOf?: string;
  /** Looks at every entity. @default false, at those that may have changed */
  readonly full?: boolean;
  /** Makes every row anew as of the instant, also those of later instants. @default false */
  readonly reset?: boolean;
  /** Looks only at entities with a row of the sources whose timestamp lies in `(from, to]`, ISO 8601. */
  readonly range?: { readonly from: string; readonly to: string };
  /** The definition to materialise. @default every one in use */
  readonly definitionVersion?: number;
  /** Who started it by hand; absent for a schedule. */
  readonly requestedBy?: string;
}

export interface MaterializeResult {
  readonly asOf: string;
  readonly definitions: readonly MaterializedDefinition[];
  /** Definitions out of use whose rows were removed. */
  readonly removedDefinitions: readonly number[];
  readonly summary: string;
}

/** What a materialisation answers when asked. */
export interface MaterializeState {
  readonly model: string;
  readonly step: string;
}

/** A decision sent as a signal; the signal's name says which. */
export type SignalledDecision = Omit<DecisionMessage, 'decision'>;

/** Approves the pending version; fire and forget, what became of it is in the decisions of the model. */
export const approveSignal = defineSignal<[SignalledDecision]>('approve');
/** Rejects the pending version. */
export const rejectSignal = defineSignal<[SignalledDecision]>('reject');
/** Decides and answers whether the decision counted. */
export const decideUpdate = defineUpdate<DecisionResult, [DecisionMessage]>('decide');
/** Tells a waiting release that a newer candidate took its place. */
export const supersededSignal = defineSignal<[{ by: number }]>('superseded');
/** Adds a request to the retrain loop of a model. */
export const retrainRequestedSignal = defineSignal<[RetrainRequest]>('retrainRequested');

export const releaseStateQuery = defineQuery<ReleaseState>('state');
export const retrainStateQuery = defineQuery<RetrainState>('state');
export const monitorStateQuery = defineQuery<MonitorState>('state');
export const materializeStateQuery = defineQuery<MaterializeState>('state');
