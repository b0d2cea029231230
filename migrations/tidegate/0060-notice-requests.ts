// What the worker is asked to notify people of: events that are stored together with their cause, and replays.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.notice_request (
      id           bigint generated always as identity primary key,
      event_id     text not null,
      type         text not null,
      -- Empty if the event is about the whole installation.
      model        text not null,
      -- Null for a replay: the event is stored in tidegate.notification.
      facts        jsonb,
      -- Who asked for a replay.
      requested_by text,
      at           timestamptz not null default clock_timestamp(),
      -- When a run was started that delivers it.
      started_at   timestamptz,
      check ((facts is null) = (requested_by is not null))
    )`.execute(db);
  await sql`
    create unique index notice_request_of_event on tidegate.notice_request (event_id) where facts is not null`.execute(
    db,
  );
  await sql`
    create index notice_request_to_start on tidegate.notice_request (id) where started_at is null`.execute(
    db,
  );
}
