// The floor of the installation, below which no promotion policy may go.
import { type Kysely, type Transaction } from 'kysely';
import { belowFloor, type PolicyFloor } from '../../domain/decisions/policy-floor.ts';
import { type FrozenPolicy } from '../../domain/decisions/promotion-policy.ts';
import { type Database } from '../postgres/database.ts';
import { type Row, type Tables } from '../postgres/tables.ts';

/** A floor with who set it, when and why. */
export type SetFloor = Omit<Row<'tidegate.policy_floor'>, 'id'>;

/** A model whose definition asks for less than the floor. The floor counts for its next versions. */
export interface RaisedModel {
  readonly model: string;
  /** The rules that are below the floor. */
  readonly rules: readonly string[];
}

/** Returns the floor in force; undefined if nobody has set one. */
export const findFloor = (kysely: Kysely<Tables>): Promise<SetFloor | undefined> =>
  kysely
    .selectFrom('tidegate.policy_floor')
    .select(['policy', 'reason', 'actor', 'authority', 'grantId', 'at'])
    .orderBy('id', 'desc')
    .executeTakeFirst();

/**
 * Sets the floor, in the transaction of the caller, which uses the grant of an admin. Every earlier floor stays in the
 * record.
 */
export async function setFloor(
  transaction: Transaction<Tables>,
  floor: PolicyFloor,
  { reason, actor, authority, grantId }: Pick<SetFloor, 'reason' | 'actor' | 'authority' | 'grantId'>,
): Promise<void> {
  await transaction
    .insertInto('tidegate.policy_floor')
    .values({ policy: JSON.stringify(floor), reason, actor, authority, grantId })
    .execute();
}

/** Returns the models whose definition in force is below a floor, in order of name. */
export async function modelsBelow(
  { pool }: Pick<Database, 'pool'>,
  floor: PolicyFloor,
): Promise<RaisedModel[]> {
  const { rows } = await pool.query<{ model: string; policy: FrozenPolicy }>(
    `select distinct on (d.model) d.model,
       tidegate.promotion_policy_of((d.body -> 'promotion')::jsonb) as policy
     from tidegate.definition d where tidegate.in_force(d) order by d.model, d.version desc`,
  );
  return rows.flatMap(({ model, policy }) => {
    const rules = belowFloor(policy, floor).map(({ at }) => at);
    return rules.length > 0 ? [{ model, rules }] : [];
  });
}
