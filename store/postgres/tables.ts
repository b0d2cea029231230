// Types of Tidegate's own tables for Kysely; migrations/tidegate creates the tables.
import { type ColumnType, type Generated } from 'kysely';
import { type EncodedProfile, type EncodedReference } from '../../domain/data/profile/profile-codec.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Backfilled } from '../../domain/data/label-states.ts';
import { type StoredArtifact } from '../../domain/learning/artifact/artifact.ts';
import { type RecipeScores, type Tuning } from '../../domain/learning/choose-recipe.ts';
import { type TrainingPlan } from '../../domain/learning/plan-training.ts';
import { type LeakCheck } from '../../domain/learning/leak-alarm.ts';
import { type Platform } from '../../domain/learning/repetition.ts';
import { type TreeOutcome } from '../../domain/learning/trees.ts';
import { type TreeOptions } from '../../domain/learning/artifact/onnx-artifact.ts';
import { type ComparisonBody } from '../../domain/decisions/comparison-body.ts';
import { type PromotionDecision } from '../../domain/decisions/decide-promotion.ts';
import { type RetrainDecision } from '../../domain/decisions/decide-retrain.ts';
import { type DriftPart, type PerformancePart } from '../../domain/decisions/report.ts';
import { type EncodedScoreReference } from '../../domain/performance/score-reference.ts';
import { type FirstQualityPart, type QualityPart } from '../../domain/quality/quality-part.ts';
import { type MaterializeScope } from '../../domain/data/materialized.ts';

/**
 * A fingerprint of the rows of one source table, by which a later run finds out whether rows were removed or
 * rewritten.
 */
export interface TableMark {
  readonly oid: number;
  /** The table itself and every partition or child at any level; absent in marks of earlier releases. */
  readonly parts?: Parts;
  /** Number of rows written before the horizon; if a later count differs, rows were removed or rewritten. */
  readonly settled: number;
  /** A checksum over the rows written since the horizon; null if there are none. */
  readonly open: string | null;
}

/** For each part, by its oid, a fingerprint of its file and of how its columns are stored. */
export type Parts = Readonly<Record<string, string>>;

/** The contents of the source tables of a definition, as one snapshot saw them. */
export interface SourceMark {
  /** The as-of instant of the run that took the snapshot, ISO 8601. */
  readonly asOf: string;
  /** Number of the oldest open transaction: rows written by it or by later ones may not have been visible. */
  readonly horizon: string;
  /** Which transactions were visible, as `pg_snapshot`. */
  readonly snapshot: string;
  /** By position of the source; null if its rows do not show which transaction wrote them (`SourceTable.unmarked`). */
  readonly tables: readonly (TableMark | null)[];
}

/** A jsonb column: read as a value, written as its JSON text. */
type Json<T> = ColumnType<T, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
type Timestamp = ColumnType<Date, Date | string, Date | string>;
type NullableTimestamp = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;

/** Stage of a version. */
export type Stage = 'None' | 'Staging' | 'Production' | 'Archived';

/** Row types of all tables, by table name. */
export interface Tables {
  'tidegate.model': {
    name: string;
    entity_keys: Json<string[]>;
    label: Json<ModelDefinition['label']>;
    holdout: Json<ModelDefinition['holdout']>;
    created_at: Generated<Date>;
  };
  'tidegate.definition': {
    model: string;
    version: number;
    body: Json<ModelDefinition>;
    digest: string;
    applied_by: string;
    applied_at: Generated<Date>;
  };
  'tidegate.dataset': {
    id: Generated<number>;
    request: string;
    model: string;
    definition_version: number;
    window_from: Timestamp;
    window_to: Timestamp;
    as_known_at: Timestamp;
    row_count: number;
    labelled_rows: number;
    assumed_labels: Generated<number>;
    awaited_labels: Generated<number>;
    overdue_labels: Generated<number>;
    backfilled: ColumnType<Backfilled[], string | undefined, string>;
    training_rows: number;
    holdout_rows: number;
    columns: Json<DatasetColumn[]>;
    digest: string;
    chunk_rows: Generated<number>;
    expired_at: NullableTimestamp;
    created_at: Generated<Date>;
  };
  'tidegate.dataset_chunk': {
    dataset_id: number;
    part: string;
    ordinal: number;
    digest: string;
    bytes: Buffer;
  };
  'tidegate.report': {
    id: Generated<number>;
    request: string;
    model: string;
    definition_version: number;
    champion_version: number | null;
    dataset_id: number;
    as_of: Timestamp;
    quality: NullableJson<QualityPart | FirstQualityPart>;
    drift: NullableJson<DriftPart>;
    performance: NullableJson<PerformancePart>;
    decision: NullableJson<RetrainDecision>;
    summary: string | null;
    workflow_id: string;
    run_id: string;
    created_at: Generated<Date>;
  };
  'tidegate.profile_part': {
    report_id: number;
    first_chunk: number;
    end_chunk: number;
    profile: Json<EncodedProfile>;
    scored: NullableJson<EncodedProfile>;
    created_at: Generated<Date>;
  };
  'tidegate.retrain': {
    id: string;
    model: string;
    report_id: number | null;
    as_of: NullableTimestamp;
    trigger: string;
    requested_by: string;
    dataset_id: number | null;
    candidate_version: number | null;
    leaks: NullableJson<LeakCheck>;
    outcome: string | null;
    reason: string | null;
    summary: string | null;
    workflow_id: string;
    run_id: string;
    started_at: Generated<Date>;
    finished_at: NullableTimestamp;
  };
  'tidegate.training_plan': {
    retrain_id: string;
    body: Json<TrainingPlan>;
    created_at: Generated<Date>;
  };
  'tidegate.recipe_scores': {
    retrain_id: string;
    recipe: number;
    body: Json<RecipeScores>;
    created_at: Generated<Date>;
  };
  'tidegate.version': {
    model: string;
    version: number;
    stage: Generated<Stage>;
    definition_version: number;
    retrain_id: string;
    dataset_id: number;
    trainer: string;
    artifact: Json<StoredArtifact>;
    artifact_digest: string;
    reference: Json<EncodedReference>;
    score_reference: NullableJson<EncodedScoreReference>;
    tuning: NullableJson<Tuning>;
    trained_on: NullableJson<Platform>;
    created_at: Generated<Date>;
  };
  'tidegate.onnx_model': { digest: string; bytes: Buffer; created_at: Generated<Date> };
  'tidegate.tree_fit': {
    id: Generated<number>;
    request: string;
    dataset_id: number;
    options: Json<TreeOptions>;
    rows: Buffer | null;
    rounds_done: Generated<number>;
    checkpoint: NullableJson<unknown>;
    outcome: NullableJson<TreeOutcome>;
    created_at: Generated<Date>;
    finished_at: NullableTimestamp;
  };
  'tidegate.comparison': {
    id: Generated<number>;
    model: string;
    candidate_version: number;
    champion_version: number | null;
    dataset_id: number;
    body: Json<ComparisonBody>;
    decision: NullableJson<PromotionDecision>;
    decided_at: NullableTimestamp;
    created_at: Generated<Date>;
  };
  'tidegate.transition': {
    id: Generated<number>;
    model: string;
    version: number;
    from_stage: Stage;
    to_stage: Stage;
    reason: string;
    detail: Generated<string>;
    actor: string;
    authority: string;
    evidence_digest: string | null;
    workflow_id: string;
    run_id: string;
    at: Generated<Date>;
    previous_hash: Generated<string>;
    hash: Generated<string>;
  };
  'tidegate.evidence': {
    model: string;
    version: number;
    digest: string;
    champion_version: number | null;
    body: Json<unknown>;
    expires_at: Timestamp;
    created_at: Generated<Date>;
  };
  'tidegate.decision': {
    id: Generated<number>;
    request: string;
    model: string;
    version: number;
    evidence_digest: string;
    decision: 'approve' | 'reject';
    actor: string;
    authority: 'unverified' | 'key';
    channel: 'signal' | 'update';
    comment: string;
    accepted: boolean;
    refusal: string | null;
    workflow_id: string;
    run_id: string;
    at: Generated<Date>;
  };
  'tidegate.online_row': {
    model: string;
    definition_version: number;
    entity_key: Json<string[]>;
    as_of: Timestamp;
    row_time: Timestamp;
    features: Json<Record<string, number | string | null>>;
    view_times: ColumnType<(number | null)[], string | undefined, string>;
    materialised_at: Generated<Date>;
  };
  'tidegate.online_watermark': {
    model: string;
    definition_version: number;
    as_of: Timestamp;
    newest_as_of: Timestamp;
    suspect_xid: string | null;
    mark: Json<SourceMark>;
    finished_at: Generated<Date>;
  };
  'tidegate.online_progress': {
    model: string;
    definition_version: number;
    as_of: Timestamp;
    newest_as_of: Timestamp;
    suspect_xid: string;
    resumed_xid: string | null;
    scope: Json<MaterializeScope>;
    mark: Json<SourceMark>;
    position: string | null;
    looked_at: Generated<number>;
    written: Generated<number>;
    entities: number | null;
    vanished: number | null;
    removed: Generated<number>;
    started_at: Generated<Date>;
    updated_at: Generated<Date>;
  };
  'tidegate.prediction': {
    id: Generated<number>;
    model: string;
    version: number;
    entity_key: NullableJson<string[]>;
    features: Json<Record<string, number | string | null>>;
    score: number;
    instance: string;
    at: Timestamp;
  };
  'tidegate.instance': {
    id: string;
    started_at: Generated<Date>;
    heartbeat_at: ColumnType<Date, never, unknown>;
  };
  'tidegate.instance_version': {
    instance: string;
    model: string;
    version: number;
    state: 'prepared' | 'serving' | 'failed';
    problem: string | null;
    since: Generated<Date>;
  };
  'tidegate.installation': { id: string; created_at: Generated<Date> };
  'tidegate.adopted_installation': { id: string; adopted_by: string; adopted_at: Generated<Date> };
  'tidegate.preparation': { model: string; version: number; requested_at: Generated<Date> };
}

/** One column of a dataset, as its row describes it. */
export interface DatasetColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
  /** Distinct values of a category column, in the order of their first row. */
  readonly dictionary?: string[];
}
