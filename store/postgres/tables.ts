// Types of Tidegate's own tables for Kysely; migrations/tidegate creates the tables. Tables are named as in the database,
// columns in camelCase: `dataset_id` is `datasetId`.
import { type ColumnType, type Generated, type Selectable } from 'kysely';
import { type EncodedProfile, type EncodedReference } from '../../domain/data/profile/profile-codec.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Backfilled } from '../../domain/data/label-states.ts';
import { type StoredArtifact } from '../../domain/learning/artifact/artifact.ts';
import { type RecipeScores, type Tuning } from '../../domain/learning/choose-recipe.ts';
import { type TrainingPlan } from '../../domain/learning/plan-training.ts';
import { type OnnxSchema } from '../../domain/learning/artifact/onnx-schema.ts';
import { type LeakCheck } from '../../domain/learning/leak-alarm.ts';
import { type Platform } from '../../domain/learning/repetition.ts';
import { type TreeOutcome } from '../../domain/learning/trees.ts';
import { type TreeOptions } from '../../domain/learning/artifact/onnx-artifact.ts';
import { type ComparisonBody } from '../../domain/decisions/comparison-body.ts';
import { type PromotionDecision } from '../../domain/decisions/decide-promotion.ts';
import { type GrantVia } from '../../domain/decisions/grant.ts';
import { type FrozenPolicy } from '../../domain/decisions/promotion-policy.ts';
import { type LoosenedRule } from '../../domain/decisions/loosened-policy.ts';
import { type RetrainDecision } from '../../domain/decisions/decide-retrain.ts';
import { type DriftPart, type PerformancePart } from '../../domain/decisions/report.ts';
import { type EncodedScoreReference } from '../../domain/performance/score-reference.ts';
import { type FirstQualityPart, type QualityPart } from '../../domain/quality/quality-part.ts';
import { type Json, type NullableJson, type NullableTimestamp, type Timestamp } from './column-types.ts';
import { type GovernanceTables } from './governance-tables.ts';
import { type SourceMark } from './source-mark.ts';
import { type MaterializeScope } from '../../domain/data/materialized.ts';

/** Stage of a version. */
export type Stage = 'None' | 'Staging' | 'Production' | 'Archived';

/** A row as it is read. @example type Retrain = Pick<Row<'tidegate.retrain'>, 'id' | 'model'> */
export type Row<Table extends keyof Tables> = Readonly<Selectable<Tables[Table]>>;

/**
 * Copies the named properties. An insert takes each property of its row for a column, and an object that a caller passes
 * may have more of them than its type says.
 *
 * @example picked(input, ['id', 'model'])
 */
export const picked = <T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;

/** Row types of all tables, by table name. */
export interface Tables extends GovernanceTables {
  'tidegate.model': {
    name: string;
    entityKeys: Json<string[]>;
    label: Json<ModelDefinition['label']>;
    holdout: Json<ModelDefinition['holdout']>;
    createdAt: Generated<Date>;
  };
  'tidegate.definition': {
    model: string;
    version: number;
    body: Json<ModelDefinition>;
    digest: string;
    appliedBy: string;
    grantId: string | null;
    appliedAt: Generated<Date>;
    /** The rules of the policy in force that it loosens; null if it loosens none. */
    loosens: NullableJson<readonly LoosenedRule[]>;
  };
  'tidegate.dataset': {
    id: Generated<number>;
    request: string;
    model: string;
    definitionVersion: number;
    windowFrom: Timestamp;
    windowTo: Timestamp;
    asKnownAt: Timestamp;
    rowCount: number;
    labelledRows: number;
    /** Number of labelled rows that are read as negative because their label is still absent after its delay. */
    assumedLabels: Generated<number>;
    /** Number of rows whose label is not expected yet. */
    awaitedLabels: Generated<number>;
    /** Number of rows without a label that should have one by now. */
    overdueLabels: Generated<number>;
    /** Views with values that became known too late but are used because of `knownSince`; empty if there are none. */
    backfilled: ColumnType<readonly Backfilled[], string | undefined, string>;
    /** Rows that are labelled and not held out, which a candidate can learn from. */
    trainingRows: number;
    holdoutRows: number;
    columns: Json<readonly DatasetColumn[]>;
    digest: string;
    /** Rows per chunk; the last may have fewer. */
    chunkRows: Generated<number>;
    /** When retention deleted its rows; null while they exist. */
    expiredAt: NullableTimestamp;
    createdAt: Generated<Date>;
  };
  'tidegate.dataset_chunk': {
    datasetId: number;
    part: string;
    ordinal: number;
    digest: string;
    bytes: Buffer;
  };
  'tidegate.report': {
    id: Generated<number>;
    request: string;
    model: string;
    definitionVersion: number;
    championVersion: number | null;
    datasetId: number;
    asOf: Timestamp;
    quality: NullableJson<QualityPart | FirstQualityPart>;
    drift: NullableJson<DriftPart>;
    performance: NullableJson<PerformancePart>;
    decision: NullableJson<RetrainDecision>;
    summary: string | null;
    grantId: string | null;
    /** The person of the grant, `schedule` or `unverified`; null for reports of earlier releases. Set by the database. */
    requestedBy: string | null;
    /** The name that an unverified request gave; only shown. */
    claimedBy: string | null;
    causedBy: Generated<number | null>;
    workflowId: string;
    runId: string;
    createdAt: Generated<Date>;
  };
  /** Written by a trigger of `tidegate.report`; a number is null if the report does not have it. */
  'tidegate.report_figures': {
    reportId: number;
    model: string;
    asOf: Timestamp;
    championVersion: number | null;
    auc: number | null;
    aucLow: number | null;
    aucHigh: number | null;
    promisedLow: number | null;
    promisedHigh: number | null;
    estimatedAuc: number | null;
    driftShare: number | null;
    driftThreshold: number | null;
    drifted: boolean | null;
    driftedColumns: number | null;
    measuredColumns: number | null;
    brokenContracts: number | null;
    outcome: string | null;
  };
  'tidegate.profile_part': {
    reportId: number;
    firstChunk: number;
    endChunk: number;
    profile: Json<EncodedProfile>;
    scored: NullableJson<EncodedProfile>;
    createdAt: Generated<Date>;
  };
  'tidegate.retrain': {
    id: string;
    model: string;
    reportId: number | null;
    /** For a retrain without a report: the end of the window that evaluates the candidate; null if none was requested. */
    asOf: NullableTimestamp;
    trigger: string;
    /** The person of the grant, `schedule` or `unverified`; set by the database. */
    requestedBy: Generated<string>;
    /** The name that an unverified request gave; only shown. */
    claimedBy: string | null;
    causedBy: Generated<string | null>;
    datasetId: number | null;
    candidateVersion: number | null;
    /** What the leak alarm found before training; null if it has not run. */
    leaks: NullableJson<LeakCheck>;
    /** Null while the retrain runs. */
    outcome: string | null;
    reason: string | null;
    summary: string | null;
    grantId: string | null;
    workflowId: string;
    runId: string;
    startedAt: Generated<Date>;
    finishedAt: NullableTimestamp;
  };
  'tidegate.version_import': {
    retrainId: string;
    model: string;
    /** Digest of the model file, in `tidegate.onnx_model`. */
    onnxDigest: string;
    /** Maps features to inputs of the model. */
    mapping: Json<OnnxSchema>;
    name: string;
    note: string;
    requestedAt: Generated<Date>;
  };
  'tidegate.training_plan': {
    retrainId: string;
    body: Json<TrainingPlan>;
    createdAt: Generated<Date>;
  };
  'tidegate.recipe_scores': {
    retrainId: string;
    recipe: number;
    body: Json<RecipeScores>;
    createdAt: Generated<Date>;
  };
  'tidegate.version': {
    model: string;
    version: number;
    stage: Generated<Stage>;
    definitionVersion: number;
    retrainId: string;
    datasetId: number;
    trainer: string;
    artifact: Json<StoredArtifact>;
    artifactDigest: string;
    reference: Json<EncodedReference>;
    scoreReference: NullableJson<EncodedScoreReference>;
    tuning: NullableJson<Tuning>;
    trainedOn: NullableJson<Platform>;
    createdAt: Generated<Date>;
  };
  'tidegate.onnx_model': { digest: string; bytes: Buffer; createdAt: Generated<Date> };
  'tidegate.tree_fit': {
    id: Generated<number>;
    request: string;
    datasetId: number;
    options: Json<TreeOptions>;
    rows: Buffer | null;
    roundsDone: Generated<number>;
    checkpoint: NullableJson<unknown>;
    /** Null until the fit is finished. */
    outcome: NullableJson<TreeOutcome>;
    createdAt: Generated<Date>;
    finishedAt: NullableTimestamp;
  };
  'tidegate.comparison': {
    id: Generated<number>;
    model: string;
    candidateVersion: number;
    championVersion: number | null;
    datasetId: number;
    body: Json<ComparisonBody>;
    /** Null until there is a decision. */
    decision: NullableJson<PromotionDecision>;
    /** When it was made; null until then, and for decisions of early releases, which did not store the instant. */
    decidedAt: NullableTimestamp;
    createdAt: Generated<Date>;
  };
  'tidegate.transition': {
    id: Generated<number>;
    model: string;
    version: number;
    fromStage: Stage;
    toStage: Stage;
    reason: string;
    detail: Generated<string>;
    actor: string;
    authority: string;
    evidenceDigest: string | null;
    /** The grant by which a person moved the version; null if a rule did, or if nobody was authenticated. */
    grantId: string | null;
    workflowId: string;
    runId: string;
    at: Generated<Date>;
    previousHash: Generated<string>;
    hash: Generated<string>;
  };
  'tidegate.evidence': {
    model: string;
    version: number;
    digest: string;
    /** The champion that the version was compared with; null if the model had no champion. */
    championVersion: number | null;
    body: Json<unknown>;
    /** The promotion policy when the evidence was assembled; null for evidence of earlier releases. */
    policy: NullableJson<FrozenPolicy>;
    /** People who requested the version; filled by a trigger. */
    requesterIds: Generated<number[]>;
    /** Names of those who were not authenticated. */
    requesterNames: Generated<string[]>;
    expiresAt: Timestamp;
    createdAt: Generated<Date>;
  };
  'tidegate.decision': {
    id: Generated<number>;
    request: string;
    model: string;
    version: number;
    evidenceDigest: string;
    decision: 'approve' | 'reject';
    actor: string;
    authority: 'unverified' | GrantVia;
    channel: 'signal' | 'update';
    comment: string;
    accepted: boolean;
    /** Why it was refused; null if it was accepted. */
    refusal: string | null;
    grantId: string | null;
    /** The person who answers for the decision; null if nobody was authenticated. */
    personId: number | null;
    /** Whether this decision ended the wait. */
    settles: Generated<boolean>;
    /** Whether a person approved a version that this person requested. */
    selfApproved: Generated<boolean>;
    workflowId: string;
    runId: string;
    at: Generated<Date>;
  };
  'tidegate.online_row': {
    model: string;
    definitionVersion: number;
    entityKey: Json<string[]>;
    asOf: Timestamp;
    rowTime: Timestamp;
    features: Json<Record<string, number | string | null>>;
    viewTimes: ColumnType<(number | null)[], string | undefined, string>;
    materialisedAt: Generated<Date>;
  };
  'tidegate.online_watermark': {
    model: string;
    definitionVersion: number;
    asOf: Timestamp;
    newestAsOf: Timestamp;
    suspectXid: string | null;
    mark: Json<SourceMark>;
    finishedAt: Generated<Date>;
  };
  'tidegate.online_progress': {
    model: string;
    definitionVersion: number;
    asOf: Timestamp;
    newestAsOf: Timestamp;
    suspectXid: string;
    resumedXid: string | null;
    scope: Json<MaterializeScope>;
    mark: Json<SourceMark>;
    position: string | null;
    lookedAt: Generated<number>;
    written: Generated<number>;
    entities: number | null;
    vanished: number | null;
    removed: Generated<number>;
    startedAt: Generated<Date>;
    updatedAt: Generated<Date>;
  };
  'tidegate.prediction': {
    id: Generated<number>;
    /** The id that the answer contains; null for predictions of earlier releases. */
    predictionId: string | null;
    model: string;
    version: number;
    entityKey: NullableJson<string[]>;
    features: Json<Record<string, number | string | null>>;
    score: number;
    instance: string;
    at: Timestamp;
  };
  'tidegate.instance': {
    id: string;
    startedAt: Generated<Date>;
    heartbeatAt: ColumnType<Date, never, unknown>;
  };
  'tidegate.instance_version': {
    instance: string;
    model: string;
    version: number;
    /** `serving`: answers requests with it; `prepared`: loaded and checked; `failed`: could not be loaded. */
    state: 'prepared' | 'serving' | 'failed';
    /** Why it failed; null otherwise. */
    problem: string | null;
    since: Generated<Date>;
  };
  'tidegate.installation': { id: string; createdAt: Generated<Date> };
  'tidegate.adopted_installation': { id: string; adoptedBy: string; adoptedAt: Generated<Date> };
  'tidegate.preparation': { model: string; version: number; requestedAt: Generated<Date> };
}

/** One column of a dataset, as its row describes it. */
export interface DatasetColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
  /** Distinct values of a category column, in the order of their first row. */
  readonly dictionary?: string[];
}
