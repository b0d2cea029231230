// The source tables of the worked example: what a streaming service knows about its users.
import { type Kysely, sql } from 'kysely';

/** Columns of each table, besides its key and its two times. */
const tables = {
  users: `
    signup_date    date,
    user_gender    text,
    user_is_senior boolean,
    has_family     boolean,
    has_dependents boolean`,
  usage_agg_30d: `
    watch_hours_30d     double precision,
    avg_session_mins_7d double precision,
    unique_devices_30d  integer,
    skips_7d            integer,
    rebuffer_events_7d  integer`,
  subscriptions: `
    months_active      integer,
    plan_stream_tv     boolean,
    plan_stream_movies boolean,
    contract_type      text,
    paperless_billing  boolean,
    monthly_fee        double precision,
    total_paid         double precision,
    net_service        text`,
  payments_agg_90d: `
    failed_payments_90d integer`,
  support_agg_90d: `
    support_tickets_90d           integer,
    ticket_avg_resolution_hrs_90d double precision`,
  labels: `
    churn_label boolean`,
};

/**
 * Creates the six tables in schema `public`. A row speaks about one user at `as_of` and became known at
 * `loaded_at`; a correction is another row with a later `loaded_at`, never an overwrite.
 */
export async function up(db: Kysely<never>): Promise<void> {
  for (const [name, columns] of Object.entries(tables)) {
    await sql`
      create table public.${sql.id(name)} (
        user_id   text        not null,
        as_of     timestamptz not null,
        loaded_at timestamptz not null,
        ${sql.raw(columns)},
        primary key (user_id, as_of, loaded_at)
      )`.execute(db);
  }
}
