// Requests by minute: how many each API process answered, refused and failed for a version, and how long they took.
import { addLatencies, type LatencyCounts } from '../../domain/performance/latency-counts.ts';
import { type Database } from '../postgres/database.ts';
import { type VersionRef } from './wanted-versions.ts';

/** What one API process counted in one minute for one version. */
export interface ServingMinute extends VersionRef {
  /** The beginning of the minute. */
  readonly minute: Date;
  readonly answered: number;
  /** Requests that were refused because of what was sent (4xx). */
  readonly refused: number;
  /** Requests that failed because of the server (5xx). */
  readonly failed: number;
  /** Latencies of the answered requests. */
  readonly latency: LatencyCounts;
}

/** How long minutes are kept: longer than any watch lasts. */
const KEPT_DAYS = 40;

/** Writes the minutes of an instance; a minute that it wrote before is replaced. */
export async function writeServingMinutes(
  { pool }: Database,
  instance: string,
  minutes: readonly ServingMinute[],
): Promise<void> {
  await pool.query(
    `insert into tidegate.serving_minute (model, version, minute, instance, answered, refused, failed, latency)
     select model, version, minute, $8, answered, refused, failed, latency::jsonb
     from unnest($1::text[], $2::int[], $3::timestamptz[], $4::int[], $5::int[], $6::int[], $7::text[])
       as counted (model, version, minute, answered, refused, failed, latency)
     on conflict (model, version, minute, instance) do update
       set answered = excluded.answered, refused = excluded.refused, failed = excluded.failed,
           latency = excluded.latency`,
    [
      minutes.map(({ model }) => model),
      minutes.map(({ version }) => version),
      minutes.map(({ minute }) => minute.toISOString()),
      minutes.map(({ answered }) => answered),
      minutes.map(({ refused }) => refused),
      minutes.map(({ failed }) => failed),
      minutes.map(({ latency }) => JSON.stringify(latency)),
      instance,
    ],
  );
}

/** Deletes minutes that no watch can need any more. */
export async function removeOldMinutes({ pool }: Database): Promise<void> {
  await pool.query('delete from tidegate.serving_minute where minute < now() - make_interval(days => $1)', [
    KEPT_DAYS,
  ]);
}

/** The requests of a version since an instant, all processes together. */
export interface RequestTotals {
  readonly answered: number;
  readonly refused: number;
  readonly failed: number;
  readonly latency: LatencyCounts;
}

/** Adds up the requests that a version was asked since the minute that contains an instant. */
export async function requestsSince(
  { pool }: Database,
  { model, version }: VersionRef,
  since: Date,
): Promise<RequestTotals> {
  const { rows } = await pool.query<RequestTotals>(
    `select answered, refused, failed, latency from tidegate.serving_minute
     where model = $1 and version = $2 and minute >= date_trunc('minute', $3::timestamptz)`,
    [model, version, since.toISOString()],
  );
  const sum = (of: (row: RequestTotals) => number): number => rows.reduce((all, row) => all + of(row), 0);
  return {
    answered: sum(({ answered }) => answered),
    refused: sum(({ refused }) => refused),
    failed: sum(({ failed }) => failed),
    latency: addLatencies(rows.map(({ latency }) => latency)),
  };
}
