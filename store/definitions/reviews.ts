// Definitions that loosen their own promotion policy: they wait until another approver has accepted them.
import { type Kysely, sql, type Transaction } from 'kysely';
import { type LoosenedRule } from '../../domain/decisions/loosened-policy.ts';
import { printableName } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { type Row, type Tables } from '../postgres/tables.ts';

/** A definition that waits for an approver. Until then the definition before it stays in force. */
export interface WaitingDefinition {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly loosens: readonly LoosenedRule[];
  readonly appliedBy: string;
  readonly appliedAt: Date;
  /** The definition that is in force meanwhile. */
  readonly inForce: number;
}

/** What a person decided about a definition that waits. */
export type Review = Pick<
  Row<'tidegate.definition_review'>,
  'model' | 'version' | 'digest' | 'verdict' | 'comment' | 'actor' | 'authority' | 'grantId'
>;

/** Holds for definitions that count: they loosen nothing, or an approver has accepted them. */
export const isInForce = sql<boolean>`tidegate.in_force(definition)`;

/** Returns the definitions that wait for an approver, by name of the model. @param model only that of this model */
export async function listWaiting(
  { kysely }: { readonly kysely: Kysely<Tables> },
  model?: string,
): Promise<WaitingDefinition[]> {
  const { rows } = await sql<WaitingDefinition>`
    select d.model, d.version, d.digest, d.loosens, d.applied_by as "appliedBy", d.applied_at as "appliedAt",
      (select max(f.version) from tidegate.definition f where f.model = d.model and tidegate.in_force(f)) as "inForce"
    from tidegate.definition d
    where d.loosens is not null and (${model ?? null}::text is null or d.model = ${model ?? null})
      and d.version = (select max(n.version) from tidegate.definition n where n.model = d.model)
      and not exists (
        select from tidegate.definition_review r where r.model = d.model and r.version = d.version)
    order by d.model`.execute(kysely);
  return rows.map((row) => ({ ...row, appliedBy: printableName(row.appliedBy) }));
}

/**
 * Returns the definition that waits under this number.
 *
 * @throws TidegateError NOTHING_PENDING if it does not wait, with what happened to it
 */
export async function getWaiting(
  database: Database,
  model: string,
  version: number,
): Promise<WaitingDefinition> {
  const [waiting] = await listWaiting(database, model);
  if (waiting?.version === version) return waiting;
  const review = await database.kysely
    .selectFrom('tidegate.definition_review')
    .select(['verdict', 'actor', 'at'])
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  const why = review
    ? `was ${review.verdict} by ${review.actor} at ${review.at.toISOString()}`
    : 'does not wait for an approver';
  throw new TidegateError('NOTHING_PENDING', `definition ${version} of ${model} ${why}`, {
    remedy: waiting
      ? `Definition ${waiting.version} waits: \`tidegate definition accept ${model} ${waiting.version}\`.`
      : '`tidegate definition list` shows the definitions that wait.',
  });
}

/**
 * Records the review of a definition, in the transaction of the caller. The database checks that the person may do that:
 * somebody else than the person who applied it, unless the policy in force records self-approval.
 *
 * @returns whether the person who applied the definition accepted it
 */
export async function writeReview(
  transaction: Transaction<Tables>,
  review: Review,
): Promise<{ readonly self: boolean }> {
  return transaction
    .insertInto('tidegate.definition_review')
    .values(review)
    .returning('self')
    .executeTakeFirstOrThrow();
}

/** Returns the error for a review that the database refused; the error itself if it has another cause. */
export function refusedReview(error: unknown): unknown {
  const { code, message } = error as Error & { code?: string };
  if (code === 'TG002') {
    return new TidegateError('DECISION_REFUSED', message, {
      cause: error,
      remedy: 'Ask another approver of the model to accept it; `tidegate role list` shows who they are.',
    });
  }
  return code === 'TG006'
    ? new TidegateError('GRANT_REQUIRED', message, {
        cause: error,
        remedy: 'Accept it with a key: TIDEGATE_AUTH must not be off.',
      })
    : error;
}
