// The windows of a model that were measured before, with their verdicts.
import { type PastWindow } from '../../domain/drift/calibration/calibrate.ts';
import { type DriftPart } from '../../domain/decisions/report.ts';
import { type Database } from '../database.ts';

/**
 * The newest windows whose drift was measured by Tidegate's own rules, newest first; of several reports on one instant
 * the last.
 */
export async function pastWindows(database: Database, model: string, most: number): Promise<PastWindow[]> {
  const { rows } = await database.pool.query<{ id: number; as_of: Date; drift: DriftPart }>(
    `select id, as_of, drift from (
       select distinct on (as_of) id, as_of, drift from tidegate.report
       where model = $1 and drift @> '{"measured": true}' and drift #>> '{verdict,preset}' is null
       order by as_of desc, id desc
     ) newest order by as_of desc limit $2`,
    [model, most],
  );
  return rows.flatMap(({ id, as_of, drift }) =>
    drift.measured
      ? [
          {
            reportId: id,
            asOf: as_of.toISOString(),
            championVersion: drift.championVersion,
            verdict: drift.verdict,
          },
        ]
      : [],
  );
}
