// Watches over promoted versions, and what they measure in the database.
import { type PerformancePart } from '../../domain/decisions/report.ts';
import { type WatchFacts, type WatchPolicy, type WatchRule } from '../../domain/decisions/watch.ts';
import { type Database } from '../postgres/database.ts';
import { type VersionRef } from './wanted-versions.ts';

/** How a watch ended. */
export type WatchOutcome =
  'kept' | 'broken' | 'rolled back' | 'left Production' | 'not measured' | 'cancelled';

/** What a watch found when it last looked. */
export interface WatchFindings {
  readonly facts: WatchFacts;
  readonly rules: readonly WatchRule[];
}

/** The watch over one version after its promotion. */
export interface Watch extends VersionRef {
  readonly startedAt: Date;
  readonly endsAt: Date;
  readonly policy: WatchPolicy;
  readonly lookedAt: Date | null;
  readonly findings: WatchFindings | null;
  /** The first look at which a rule was broken; null if none was. */
  readonly breachedAt: Date | null;
  /** How it ended; null while it is under way, or if its run was terminated. */
  readonly outcome: WatchOutcome | null;
  readonly summary: string | null;
  readonly finishedAt: Date | null;
}

/** Opens the watch over a version; a repeated call returns the one that is open. */
export async function openWatch(
  { pool }: Database,
  watch: Pick<Watch, 'model' | 'version' | 'startedAt' | 'endsAt' | 'policy'>,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
): Promise<void> {
  await pool.query(
    `insert into tidegate.watch (model, version, started_at, ends_at, policy, workflow_id, run_id)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (model, version) do nothing`,
    [
      watch.model,
      watch.version,
      watch.startedAt.toISOString(),
      watch.endsAt.toISOString(),
      JSON.stringify(watch.policy),
      workflowId,
      runId,
    ],
  );
}

/** Returns the watch over a version; undefined if it was never watched. */
export async function findWatch(
  { pool }: Database,
  { model, version }: VersionRef,
): Promise<Watch | undefined> {
  const { rows } = await pool.query<Watch>(
    `select model, version, started_at as "startedAt", ends_at as "endsAt", policy, looked_at as "lookedAt",
            findings, breached_at as "breachedAt", outcome, summary, finished_at as "finishedAt"
     from tidegate.watch where model = $1 and version = $2`,
    [model, version],
  );
  return rows[0];
}

/** Records what a watch found; does nothing if it has ended. */
export async function recordLook(
  { pool }: Database,
  { model, version }: VersionRef,
  findings: WatchFindings,
): Promise<void> {
  const isBroken = findings.rules.some(({ verdict }) => verdict === 'broken');
  await pool.query(
    `update tidegate.watch
     set looked_at = clock_timestamp(), findings = $3,
         breached_at = case when $4 then coalesce(breached_at, clock_timestamp()) else breached_at end
     where model = $1 and version = $2 and finished_at is null`,
    [model, version, JSON.stringify(findings), isBroken],
  );
}

/** Ends a watch; a repeated call changes nothing. */
export async function closeWatch(
  { pool }: Database,
  { model, version }: VersionRef,
  outcome: WatchOutcome,
  summary: string,
): Promise<void> {
  await pool.query(
    `update tidegate.watch set outcome = $3, summary = $4, finished_at = clock_timestamp()
     where model = $1 and version = $2 and finished_at is null`,
    [model, version, outcome, summary],
  );
}

/** Returns when a version was last moved to Production; undefined if it is not there now. */
export async function inProductionSince(
  { pool }: Database,
  { model, version }: VersionRef,
): Promise<Date | undefined> {
  const { rows } = await pool.query<{ at: Date }>(
    `select t.at from tidegate.transition t
     join tidegate.version v on v.model = t.model and v.version = t.version and v.stage = 'Production'
     where t.model = $1 and t.version = $2 and t.to_stage = 'Production' order by t.id desc limit 1`,
    [model, version],
  );
  return rows[0]?.at;
}

/** Returns the newest logged scores of a version since an instant, at most `limit`. */
export async function scoresSince(
  { pool }: Database,
  { model, version }: VersionRef,
  since: Date,
  limit: number,
): Promise<Float64Array> {
  const { rows } = await pool.query<{ score: number }>(
    `select score from tidegate.prediction where model = $1 and version = $2 and at >= $3
     order by at desc limit $4`,
    [model, version, since.toISOString(), limit],
  );
  return Float64Array.from(rows, ({ score }) => score);
}

/** Returns the performance in the newest report that measured a version since an instant; null if there is none. */
export async function performanceSince(
  { pool }: Database,
  { model, version }: VersionRef,
  since: Date,
): Promise<PerformancePart | null> {
  const { rows } = await pool.query<{ performance: PerformancePart }>(
    `select performance from tidegate.report
     where model = $1 and champion_version = $2 and created_at >= $3
       and jsonb_typeof(performance -> 'realised' -> 'auc') = 'object'
     order by id desc limit 1`,
    [model, version, since.toISOString()],
  );
  return rows[0]?.performance ?? null;
}
