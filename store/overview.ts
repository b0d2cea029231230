// The state of every model in one statement, for the page that lists them.
import { sql } from 'kysely';
import { type Database } from './postgres/database.ts';

/** The state of a model as lists show it. What does not exist is null. */
export interface ModelState {
  readonly model: string;
  /** `monitor.every` of the newest definition. */
  readonly every: string;
  readonly production: number | null;
  readonly productionSince: Date | null;
  readonly staging: number | null;
  /** When the wait for a decision on the version in Staging ends; null while it is validated, and once it is decided. */
  readonly decideBy: Date | null;
  /** When people were first asked to decide on it. */
  readonly askedAt: Date | null;
  readonly stopped: boolean;
  /** Whether the watch over the version in Production has found a broken rule. */
  readonly breached: boolean;
  readonly reportId: number | null;
  readonly asOf: Date | null;
  readonly outcome: string | null;
  /** The champion of the newest report, which may have left Production since. */
  readonly measuredVersion: number | null;
  readonly auc: number | null;
  readonly aucHigh: number | null;
  readonly promisedLow: number | null;
  readonly promisedHigh: number | null;
  readonly estimatedAuc: number | null;
  readonly driftedColumns: number | null;
  readonly measuredColumns: number | null;
  readonly brokenContracts: number | null;
}

/** Reads the state of all models, ordered by name. Reads no report and no artifact. */
export async function listModelStates({ kysely }: Pick<Database, 'kysely'>): Promise<ModelState[]> {
  const { rows } = await sql<ModelState>`
    select m.name as model, d.every, p.version as production, moved.at as "productionSince", s.version as staging,
      case when settled.id is null then e.expires_at end as "decideBy", e.created_at as "askedAt",
      coalesce(stop.stopped, false) as stopped,
      coalesce(w.breached_at is not null, false) as breached,
      f.report_id as "reportId", f.as_of as "asOf", f.outcome, f.champion_version as "measuredVersion", f.auc, f.auc_high as "aucHigh",
      f.promised_low as "promisedLow", f.promised_high as "promisedHigh", f.estimated_auc as "estimatedAuc",
      f.drifted_columns as "driftedColumns", f.measured_columns as "measuredColumns",
      f.broken_contracts as "brokenContracts"
    from tidegate.model m
    left join lateral (
      select body #>> '{monitor,every}' as every from tidegate.definition
      where model = m.name order by version desc limit 1) d on true
    left join tidegate.version p on p.model = m.name and p.stage = 'Production'
    left join tidegate.version s on s.model = m.name and s.stage = 'Staging'
    left join tidegate.evidence e on e.model = s.model and e.version = s.version
    left join tidegate.decision settled on settled.model = s.model and settled.version = s.version and settled.settles
    left join tidegate.watch w on w.model = p.model and w.version = p.version and w.outcome is distinct from 'kept'
    left join lateral (
      select at from tidegate.transition
      where model = m.name and version = p.version and to_stage = 'Production' order by id desc limit 1) moved on true
    left join lateral (
      select stopped from tidegate.serving_change where model = m.name order by id desc limit 1) stop on true
    left join lateral (
      select * from tidegate.report_figures
      where model = m.name order by as_of desc, report_id desc limit 1) f on true
    order by m.name`.execute(kysely);
  return rows;
}

/** A version that waits for a decision. */
export interface Pending {
  readonly model: string;
  readonly version: number;
}

/** Lists the versions that wait for a decision, of all models. */
export async function listPending({ kysely }: Pick<Database, 'kysely'>): Promise<Pending[]> {
  const { rows } = await sql<Pending>`
    select s.model, s.version from tidegate.version s
    join tidegate.evidence e on e.model = s.model and e.version = s.version
    where s.stage = 'Staging' and not exists (
      select from tidegate.decision d where d.model = s.model and d.version = s.version and d.settles)
    order by e.expires_at`.execute(kysely);
  return rows;
}
