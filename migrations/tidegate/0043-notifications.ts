// Notifications that were sent, and every attempt to deliver each of them to a target.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.notification (
      id    text primary key,
      type  text not null,
      model text not null,
      -- As it is sent; text, so that a replay sends the same bytes.
      body  text not null,
      at    timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create table tidegate.notification_delivery (
      id              bigint generated always as identity primary key,
      notification_id text not null references tidegate.notification (id) on delete cascade,
      target          text not null,
      -- The run that sent it; a replay is a run of its own.
      run_id          text not null,
      attempt         int not null check (attempt >= 1),
      status          text not null check (status in ('delivered', 'failed', 'refused')),
      response_code   int,
      error           text,
      latency_ms      int not null check (latency_ms >= 0),
      -- Null if there is none.
      next_attempt_at timestamptz,
      at              timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create index notification_delivery_of on tidegate.notification_delivery (notification_id, target, id)`.execute(
    db,
  );
  await sql`create index notification_by_time on tidegate.notification (at)`.execute(db);
}
