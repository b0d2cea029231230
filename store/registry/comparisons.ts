// Comparisons of champion and candidate on the same rows, and the promotion decisions based on them.
import { sql } from 'kysely';
import { type PromotionDecision } from '../../domain/decisions/decide-promotion.ts';
import { type HoldoutUse } from '../../domain/decisions/leak-proof.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';

const COLUMNS = [
  'model',
  'candidateVersion',
  'championVersion',
  'datasetId',
  'body',
  'decision',
  'decidedAt',
] as const;

/** A stored comparison. */
export type StoredComparison = Pick<Row<'tidegate.comparison'>, (typeof COLUMNS)[number]>;

/** Stores the comparison of a candidate; a repeated call changes nothing. */
export async function writeComparison(
  database: Database,
  input: Omit<StoredComparison, 'decision' | 'decidedAt'>,
): Promise<void> {
  await database.kysely
    .insertInto('tidegate.comparison')
    .values({
      ...picked(input, ['model', 'candidateVersion', 'championVersion', 'datasetId']),
      body: JSON.stringify(input.body),
    })
    .onConflict((conflict) => conflict.columns(['model', 'candidateVersion']).doNothing())
    .execute();
}

/** Stores the decision on a comparison; a repeated call returns what the first call stored. */
export async function writePromotionDecision(
  database: Database,
  model: string,
  candidateVersion: number,
  decision: PromotionDecision,
): Promise<PromotionDecision> {
  await database.kysely
    .updateTable('tidegate.comparison')
    .set({ decision: JSON.stringify(decision), decidedAt: sql`clock_timestamp()` })
    .where('model', '=', model)
    .where('candidateVersion', '=', candidateVersion)
    .where('decision', 'is', null)
    .execute();
  return (await getComparison(database, model, candidateVersion)).decision ?? decision;
}

/**
 * Counts the promotion decisions that have used the holdout of a model. All comparisons of a model use the same
 * holdout.
 *
 * @param candidateVersion the candidate that is compared now; its own comparison is not counted
 * @param datasetDigest digest of the rows on which the candidate is compared
 */
export async function countHoldoutUse(
  database: Database,
  {
    model,
    candidateVersion,
    datasetDigest,
  }: Record<'model' | 'datasetDigest', string> & { candidateVersion: number },
): Promise<HoldoutUse> {
  const { rows } = await sql<HoldoutUse>`
    select count(*)::int as decisions,
      (count(*) filter (where body ->> 'datasetDigest' = ${datasetDigest}))::int as "onSameRows"
    from tidegate.comparison
    where model = ${model} and candidate_version <> ${candidateVersion} and decision is not null`.execute(
    database.kysely,
  );
  return rows[0] ?? { decisions: 0, onSameRows: 0 };
}

/** Returns the comparison of a candidate; undefined if none was made yet. */
export const findComparison = (
  database: Database,
  model: string,
  candidateVersion: number,
): Promise<StoredComparison | undefined> =>
  database.kysely
    .selectFrom('tidegate.comparison')
    .select(COLUMNS)
    .where('model', '=', model)
    .where('candidateVersion', '=', candidateVersion)
    .executeTakeFirst();

/** Returns the comparison of a candidate. @throws TidegateError DEFECT if there is none, because an earlier step must have made it */
export async function getComparison(
  database: Database,
  model: string,
  candidateVersion: number,
): Promise<StoredComparison> {
  const comparison = await findComparison(database, model, candidateVersion);
  if (comparison) return comparison;
  throw new TidegateError('DEFECT', `version ${candidateVersion} of ${model} has no comparison`);
}
