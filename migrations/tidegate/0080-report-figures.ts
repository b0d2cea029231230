// The few numbers of each report that lists and pictures show, so that a list does not read whole reports.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.report_figures (
      report_id        bigint primary key references tidegate.report (id),
      model            text not null,
      as_of            timestamptz not null,
      champion_version int,
      -- The AUC on labelled rows with its interval, and the interval that the champion's comparison promised.
      auc              float8,
      auc_low          float8,
      auc_high         float8,
      promised_low     float8,
      promised_high    float8,
      estimated_auc    float8,
      drift_share      float8,
      drift_threshold  float8,
      drifted          boolean,
      drifted_columns  int,
      measured_columns int,
      broken_contracts int,
      outcome          text
    )`.execute(db);
  await sql`
    create index report_figures_of_model on tidegate.report_figures (model, as_of desc, report_id desc)`.execute(
    db,
  );
  // A part may have the form of any earlier release; what it does not have is null.
  await sql`
    create function tidegate.figures_of(r tidegate.report) returns tidegate.report_figures
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select r.id, r.model, r.as_of, r.champion_version,
        (r.performance #>> '{realised,auc,value}')::float8,
        (r.performance #>> '{realised,auc,low}')::float8,
        (r.performance #>> '{realised,auc,high}')::float8,
        (promised.auc ->> 'low')::float8,
        (promised.auc ->> 'high')::float8,
        (r.performance #>> '{estimated,auc,value}')::float8,
        (r.drift #>> '{verdict,share}')::float8,
        (r.drift #>> '{verdict,threshold}')::float8,
        (r.drift #>> '{verdict,drifted}')::boolean,
        case when r.drift ? 'verdict' then jsonb_array_length(jsonb_path_query_array(r.drift, '$.verdict.driftedColumns[*]')) end,
        case when r.drift ? 'verdict' then jsonb_array_length(jsonb_path_query_array(r.drift, '$.verdict.columns[*].column')) end,
        jsonb_array_length(jsonb_path_query_array(r.quality, '$.contracts[*] ? (@.held == false)')),
        r.decision ->> 'outcome'
      from (select 1) as one
      left join lateral (
        select c.body #> '{candidate,auc}' as auc from tidegate.comparison c
        where c.model = r.model and c.candidate_version = r.champion_version
      ) as promised on true
    $$`.execute(db);
  await sql`
    create function tidegate.keep_figures() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      if tg_op = 'UPDATE' then
        delete from tidegate.report_figures where report_id = new.id;
      end if;
      insert into tidegate.report_figures select (tidegate.figures_of(new)).*;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger report_figures_kept after insert or update on tidegate.report
    for each row execute function tidegate.keep_figures()`.execute(db);
  await sql`
    insert into tidegate.report_figures
    select f.* from tidegate.report r cross join lateral tidegate.figures_of(r) f`.execute(db);
}
