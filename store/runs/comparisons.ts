// Comparisons: champion and candidate on the same rows, with the decision that rests on them.
import { type Database } from '../database.ts';

/** A stored comparison. */
export interface StoredComparison {
  readonly model: string;
  readonly candidateVersion: number;
  readonly championVersion: number | null;
  readonly datasetId: number;
  readonly body: unknown;
  readonly decision: unknown;
}

const COLUMNS = [
  'model',
  'candidate_version as candidateVersion',
  'champion_version as championVersion',
  'dataset_id as datasetId',
  'body',
  'decision',
] as const;

/** Stores the comparison of a candidate; a repeated call keeps the first. */
export async function writeComparison(
  database: Database,
  input: Omit<StoredComparison, 'decision'>,
): Promise<void> {
  await database.kysely
    .insertInto('tidegate.comparison')
    .values({
      model: input.model,
      candidate_version: input.candidateVersion,
      champion_version: input.championVersion,
      dataset_id: input.datasetId,
      body: JSON.stringify(input.body),
    })
    .onConflict((conflict) => conflict.columns(['model', 'candidate_version']).doNothing())
    .execute();
}

/** Stores what was decided on a comparison. */
export async function writePromotionDecision(
  database: Database,
  model: string,
  candidateVersion: number,
  decision: unknown,
): Promise<void> {
  await database.kysely
    .updateTable('tidegate.comparison')
    .set({ decision: JSON.stringify(decision) })
    .where('model', '=', model)
    .where('candidate_version', '=', candidateVersion)
    .execute();
}

/** The comparison of a candidate, if it was made. */
export const findComparison = (
  database: Database,
  model: string,
  candidateVersion: number,
): Promise<StoredComparison | undefined> =>
  database.kysely
    .selectFrom('tidegate.comparison')
    .select(COLUMNS)
    .where('model', '=', model)
    .where('candidate_version', '=', candidateVersion)
    .executeTakeFirst();
