// Since when the world has been another one, as a champion's reports tell.
import { type Database } from '../database.ts';
import { getDataset } from '../datasets/dataset.ts';
import { type Report } from './reports.ts';

/** Reports looked back at: more would speak of a change that nobody answered for years. */
const MOST_REPORTS = 24;

/** Outcomes of a report in whose window no reason to retrain was found. */
const WITHOUT_REASON: readonly string[] = [
  'none',
  'nothing new',
  'contract broken',
  'judgement failed',
  'bootstrap',
];

/**
 * The beginning of the first window in which a reason to retrain held and has held in every window of the same champion
 * since, up to the report's. So a change that waited for labels, or cooled down, is dated from where it was first seen. Null
 * where the report had no champion to be wanting.
 */
export async function changeSeenFirst(database: Database, report: Report): Promise<Date | null> {
  const { model, championVersion, asOf } = report;
  if (championVersion === null) return null;
  // Of one instant the newest report counts: it knew more labels.
  const earlier = await database.kysely
    .selectFrom('tidegate.report')
    .distinctOn('as_of')
    .select(['as_of', 'id', 'dataset_id as datasetId', 'champion_version as championVersion', 'decision'])
    .where('model', '=', model)
    .where('as_of', '<', asOf)
    .orderBy('as_of', 'desc')
    .orderBy('id', 'desc')
    .limit(MOST_REPORTS)
    .execute();
  let first = report.datasetId;
  for (const { datasetId, championVersion: then, decision } of earlier) {
    const held = decision !== null && !WITHOUT_REASON.includes(decision.outcome);
    if (then !== championVersion || !held) break;
    first = datasetId;
  }
  return (await getDataset(database, first)).window.from;
}
