// Whether the connections of workers do something.
import { type Database } from '../../store/postgres/database.ts';
import { type Finding } from './finding.ts';

/** A pool lets connections go that were not used for ten seconds; one that stays is held by a step. */
const MAX_STILL_SECONDS = 60;

interface Still {
  readonly pid: number;
  readonly seconds: number;
  /** Processes that hold the lock which it waits for; empty if it does nothing at all. */
  readonly blockers: readonly number[];
}

/**
 * Connections of workers that are held and do nothing, or wait for a lock.
 *
 * @param longerThan seconds for which they have. @default 60
 */
export async function examineWorkers(
  database: Database,
  longerThan: number = MAX_STILL_SECONDS,
): Promise<Finding[]> {
  const { rows } = await database.pool.query<Still>(
    `select pid, extract(epoch from clock_timestamp() - state_change)::int as seconds, pg_blocking_pids(pid) as blockers
     from pg_stat_activity
     where application_name = 'tidegate-worker' and datname = current_database()
       and state_change < clock_timestamp() - make_interval(secs => $1)
       and (state <> 'active' or wait_event_type = 'Lock')
     order by state_change`,
    [longerThan],
  );
  const idle = rows.filter(({ blockers }) => blockers.length === 0);
  const about = 'workers';
  const findings = rows
    .filter(({ blockers }) => blockers.length > 0)
    .map(({ pid, seconds, blockers }): Finding => ({
      about,
      kind: 'warning',
      words: `a step (pid ${pid}) has waited for ${seconds} s for a lock that pid ${blockers.join(', ')} holds`,
      remedy: `select * from pg_stat_activity where pid in (${blockers.join(', ')});`,
    }));
  if (idle.length === 0) return findings;
  const pids = idle.map(({ pid }) => pid).join(', ');
  return [
    ...findings,
    {
      about,
      kind: 'problem',
      words: `${idle.length} connections are held and do nothing, for up to ${idle[0]!.seconds} s (pid ${pids})`,
      remedy: 'Restart the worker that holds them: its steps are tried again, and nothing is lost.',
    },
  ];
}
