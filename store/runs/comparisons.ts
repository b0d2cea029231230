// Comparisons: champion and candidate on the same rows, with the decision that rests on them.
import { type ComparisonBody } from '../../domain/lifecycle/comparison-body.ts';
import { type PromotionDecision } from '../../domain/lifecycle/decide-promotion.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../database.ts';

/** A stored comparison. */
export interface StoredComparison {
  readonly model: string;
  readonly candidateVersion: number;
  readonly championVersion: number | null;
  readonly datasetId: number;
  readonly body: ComparisonBody;
  /** Null until it has been decided on. */
  readonly decision: PromotionDecision | null;
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
  decision: PromotionDecision,
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

/** The comparison of a candidate that has one. @throws TidegateError INTERNAL where a step before has left it out */
export async function getComparison(
  database: Database,
  model: string,
  candidateVersion: number,
): Promise<StoredComparison> {
  const comparison = await findComparison(database, model, candidateVersion);
  if (comparison) return comparison;
  throw new TidegateError('INTERNAL', `version ${candidateVersion} of ${model} has no comparison`);
}
