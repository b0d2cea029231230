// Grants: a row that the API writes after it has authenticated a person, and that one consumer uses once.
import { randomUUID } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { isGrantId } from '../../domain/decisions/approval.ts';
import { type GrantedAction, type GrantVia } from '../../domain/decisions/grant.ts';
import { MAX_TEXT, nameProblem, textProblem } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { type Row, type Tables } from '../postgres/tables.ts';

/** How long a grant can be used, in milliseconds, unless its issuer says otherwise. */
export const GRANT_LIFETIME_MS = 10 * 60_000;

/** The longest time for which a grant can be issued, in milliseconds: a run that it starts may have to wait for others. */
export const MAX_LIFETIME_MS = 24 * 60 * 60_000;

/** The authenticated person, or service account, that a grant is issued to. */
export interface GrantHolder {
  /** Id of the principal. */
  readonly personId: number;
  /** One printable line. */
  readonly person: string;
  /** Id of the person who owns a service account; null for a person. */
  readonly ownerId: number | null;
  /** The roles for the model of the grant, at this moment. */
  readonly roles: readonly string[];
  /** The groups of the person's token, if any. */
  readonly groups?: readonly string[];
  readonly via: GrantVia;
  /** Which key, session or token it was; never the secret itself. */
  readonly credential: string;
}

/** What a grant allows. */
export interface GrantScope {
  readonly action: GrantedAction;
  readonly model: string;
  /** Null if the action is not about one version. */
  readonly version: number | null;
  /** Digest of the evidence that the person read; null if the action has none. */
  readonly evidenceDigest: string | null;
}

/** A stored grant. */
export interface Grant extends GrantScope, Required<GrantHolder> {
  readonly id: string;
  /** The person who answers for the action: the owner of a service account, otherwise the person. */
  readonly answerableId: number;
  readonly comment: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** When it was used and what used it; null if it is unused. */
  readonly consumed: { readonly at: Date; readonly by: string; readonly result: unknown } | null;
}

const EXPIRED = 'TG004';

const stored = (row: Row<'tidegate.action_grant'>): Grant => ({
  id: row.id,
  action: row.action,
  model: row.model,
  version: row.version,
  evidenceDigest: row.evidenceDigest,
  personId: row.personId,
  person: row.person,
  ownerId: row.ownerId,
  answerableId: row.answerableId,
  roles: row.roles,
  groups: row.groups,
  via: row.via,
  credential: row.credential,
  comment: row.comment,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  consumed: row.consumedAt === null ? null : { at: row.consumedAt, by: row.consumedBy!, result: row.result },
});

/**
 * Issues a grant. Only call it for a person who was authenticated and whose role allows the action.
 *
 * @param options `comment` is the person's reason; `lifetimeMs` is at most a day. @default ten minutes
 * @throws TidegateError INVALID_REQUEST if name, comment or lifetime are not allowed
 */
export async function issueGrant(
  { kysely }: Pick<Database, 'kysely'>,
  holder: GrantHolder,
  scope: GrantScope,
  { comment = '', lifetimeMs = GRANT_LIFETIME_MS }: { comment?: string; lifetimeMs?: number } = {},
): Promise<Grant> {
  const problem = nameProblem('person', holder.person) ?? textProblem('comment', comment);
  if (problem !== undefined) throw new TidegateError('INVALID_REQUEST', problem);
  if (!(lifetimeMs > 0 && lifetimeMs <= MAX_LIFETIME_MS)) {
    throw new TidegateError('INVALID_REQUEST', 'a grant is issued for more than 0 and at most 24 hours');
  }
  const row = await kysely
    .insertInto('tidegate.action_grant')
    .values({
      id: randomUUID(),
      action: scope.action,
      model: scope.model,
      version: scope.version,
      evidenceDigest: scope.evidenceDigest,
      personId: holder.personId,
      person: holder.person,
      ownerId: holder.ownerId,
      roles: [...holder.roles],
      groups: [...(holder.groups ?? [])],
      via: holder.via,
      credential: holder.credential,
      comment,
      // By the clock of the database, which also decides whether the grant has expired.
      expiresAt: sql<Date>`clock_timestamp() + ${lifetimeMs} * interval '1 millisecond'`,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return stored(row);
}

/** Returns a grant. @throws TidegateError UNKNOWN_GRANT */
export async function getGrant(kysely: Kysely<Tables>, id: string): Promise<Grant> {
  return existing(await selectGrant(kysely, id).executeTakeFirst(), id);
}

/**
 * Uses a grant: runs `work`, and stores its answer with the grant, in the transaction of the caller. The same consumer
 * gets the stored answer if it calls again; `work` does not run then.
 *
 * @param use the consumer, which is the same in each repetition of one request, and what it is about to do. Fields of
 *   the scope that are left out are not compared.
 * @throws TidegateError UNKNOWN_GRANT; GRANT_MISMATCH if the grant allows something else; GRANT_USED if another consumer
 *   has used it; GRANT_EXPIRED
 * @example await consumeGrant(transaction, id, { by: 'rollback/churn', action: 'rollback', model: 'churn' }, swap);
 */
export async function consumeGrant<T>(
  transaction: Transaction<Tables>,
  id: string,
  { by, ...wanted }: Partial<GrantScope> & Pick<GrantScope, 'action' | 'model'> & { readonly by: string },
  work: (grant: Grant) => Promise<T>,
): Promise<{ readonly grant: Grant; readonly result: T }> {
  const grant = existing(await selectGrant(transaction, id).forUpdate().executeTakeFirst(), id);
  const problem = mismatch(grant, wanted);
  if (problem !== undefined) throw new TidegateError('GRANT_MISMATCH', problem);
  if (grant.consumed) {
    if (grant.consumed.by === by) return { grant, result: grant.consumed.result as T };
    throw grantUsed(grant);
  }
  const result = await work(grant);
  try {
    await transaction
      .updateTable('tidegate.action_grant')
      .set({ consumedBy: by, result: JSON.stringify(result ?? null) })
      .where('id', '=', id)
      .execute();
  } catch (error) {
    if ((error as { code?: string }).code !== EXPIRED) throw error;
    throw new TidegateError(
      'GRANT_EXPIRED',
      `the grant of ${grant.person} could be used until ${grant.expiresAt.toISOString()}`,
      { cause: error },
    );
  }
  return { grant, result };
}

/**
 * Records the beginning of a run, and uses the grant of the person who started it, if there is one. Both are stored together
 * or not at all. A repeated call with the same `by` does nothing.
 *
 * @throws TidegateError as {@link consumeGrant}
 */
export async function openWithGrant(
  database: Database,
  grantId: string | undefined,
  use: Pick<GrantScope, 'action' | 'model'> & { readonly by: string },
  record: (kysely: Kysely<Tables>) => Promise<unknown>,
): Promise<void> {
  if (grantId === undefined) {
    await record(database.kysely);
    return;
  }
  await inKyselyTransaction(database, (transaction) =>
    consumeGrant(transaction, grantId, use, async () => {
      await record(transaction);
      return null;
    }),
  );
}

/**
 * Ends a grant whose action was refused before anything used it, so that nobody can use it later. Does nothing if it was used
 * or has expired.
 *
 * @param why what refused the action, for the record
 */
export async function closeGrant(
  { kysely }: Pick<Database, 'kysely'>,
  id: string,
  why: string,
): Promise<void> {
  try {
    await kysely
      .updateTable('tidegate.action_grant')
      .set({ consumedBy: 'refused', result: JSON.stringify({ refused: why.slice(0, MAX_TEXT) }) })
      .where('id', '=', id)
      .where('consumedAt', 'is', null)
      .execute();
  } catch (error) {
    if ((error as { code?: string }).code !== EXPIRED) throw error;
  }
}

/** Builds the error for a grant that another consumer has used. */
export const grantUsed = ({ person, action, consumed }: Grant): TidegateError =>
  new TidegateError(
    'GRANT_USED',
    `the grant of ${person} to ${action} was used at ${consumed?.at.toISOString()}; a grant can be used once`,
  );

/** Returns in what a grant differs from what its consumer is about to do; undefined if it allows that. */
export function mismatch(grant: Grant, wanted: Partial<GrantScope>): string | undefined {
  for (const field of ['action', 'model', 'version', 'evidenceDigest'] as const) {
    const value = wanted[field];
    if (value !== undefined && value !== grant[field]) {
      return `the grant of ${grant.person} is for ${name(field, grant[field])}, and not for ${name(field, value)}`;
    }
  }
  return undefined;
}

const NAMES = { action: 'the action', model: 'model', version: 'version', evidenceDigest: 'evidence' };

const name = (field: keyof GrantScope, value: string | number | null): string =>
  value === null ? `no ${NAMES[field]}` : `${NAMES[field]} ${excerpt(String(value))}`;

const selectGrant = (kysely: Kysely<Tables>, id: string) =>
  // Text that is not an id is not sent: it may contain what Postgres cannot store.
  kysely
    .selectFrom('tidegate.action_grant')
    .selectAll()
    .where('id', '=', isGrantId(id) ? id : '');

function existing(row: Row<'tidegate.action_grant'> | undefined, id: string): Grant {
  if (row) return stored(row);
  throw new TidegateError('UNKNOWN_GRANT', `there is no grant "${excerpt(String(id))}"`);
}
