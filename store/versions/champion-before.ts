// Which version a champion replaced: where a rollback goes that names none.
import { type Kysely } from 'kysely';
import { type Tables } from '../tables.ts';

/** The version that was in Production before the champion first came there; none for the first. */
export async function championBefore(
  kysely: Kysely<Tables>,
  model: string,
  champion: number,
): Promise<number | undefined> {
  const promotions = await kysely
    .selectFrom('tidegate.transition')
    .select('version')
    .where('model', '=', model)
    .where('to_stage', '=', 'Production')
    .orderBy('id')
    .execute();
  const first = promotions.findIndex(({ version }) => version === champion);
  return promotions[first - 1]?.version;
}
