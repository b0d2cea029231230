// Makes a change in the name of the caller: with a grant that is issued and used for this one request.
import { type FastifyRequest } from 'fastify';
import { type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { rolesOfCaller } from '../../domain/identity/caller.ts';
import { inKyselyTransaction } from '../../store/postgres/connections.ts';
import { type Database } from '../../store/postgres/database.ts';
import { type Tables } from '../../store/postgres/tables.ts';
import {
  closeGrant,
  consumeGrant,
  type GrantHolder,
  type GrantScope,
  issueGrant,
  MAX_LIFETIME_MS,
} from '../../store/registry/grants.ts';
import { requesterOf } from './requester.ts';

/** In whose name a change is recorded. */
export interface Author {
  readonly actor: string;
  /** How the actor was established: `key`, `session`, `oidc`, or `unverified` if the installation does not ask. */
  readonly authority: string;
  /** Null if nobody was authenticated. */
  readonly grantId: string | null;
}

/** What the caller said about the change. */
export interface Said {
  readonly reason: string;
  /** The claimed name, which counts only if TIDEGATE_AUTH is off. */
  readonly requestedBy?: string | undefined;
}

/** What may differ in a grant that is issued now. */
interface Issuing {
  /** The field with the claimed name, for the error. @default requestedBy */
  readonly field?: string;
  /** @default ten minutes */
  readonly lifetimeMs?: number;
}

type Work<T> = (transaction: Transaction<Tables>, author: Author) => Promise<T>;

/**
 * Runs `work` in a transaction, in the name of the caller. Grant and change are stored together or not at all.
 *
 * @param inTransaction opens the transaction. @default without locks
 * @throws TidegateError INVALID_REQUEST if an authenticated caller claims another name, and what `work` throws
 * @example await withGrant(deps, request, { action: 'stop', model, version: null, evidenceDigest: null }, body, stop);
 */
export async function withGrant<T>(
  database: Database,
  { caller, id }: Pick<FastifyRequest, 'caller' | 'id'>,
  scope: GrantScope,
  { reason, requestedBy }: Said,
  work: Work<T>,
  inTransaction: (run: (transaction: Transaction<Tables>) => Promise<T>) => Promise<T> = (run) =>
    inKyselyTransaction(database, run),
): Promise<T> {
  const author = await authorOf(database, { caller }, scope, { reason, requestedBy });
  const { grantId } = author;
  if (grantId === null) return inTransaction((transaction) => work(transaction, author));
  try {
    return await inTransaction(async (transaction) => {
      const used = await consumeGrant(transaction, grantId, { ...scope, by: id }, () =>
        work(transaction, author),
      );
      return used.result;
    });
  } catch (error) {
    await closeGrant(database, grantId, String(error));
    throw error;
  }
}

/**
 * Returns in whose name a request acts, with a grant for exactly this action that was issued now. A workflow run that gets
 * the grant uses it.
 *
 * @throws TidegateError INVALID_REQUEST if an authenticated caller claims another name
 */
export async function authorOf(
  database: Database,
  { caller }: Pick<FastifyRequest, 'caller'>,
  scope: GrantScope,
  { reason, requestedBy }: Said,
  { field, lifetimeMs }: Issuing = {},
): Promise<Author> {
  const { personId, ownerId, via, credential, groups } = caller;
  const person = requesterOf({ caller }, requestedBy, field);
  if (via === 'off' || personId === null) {
    return { actor: person, authority: 'unverified', grantId: null };
  }
  const roles = rolesOfCaller(caller, scope.model);
  const holder: GrantHolder = { personId, person, ownerId, roles, groups, via, credential };
  const grant = await issueGrant(database, holder, scope, {
    comment: reason,
    ...(lifetimeMs !== undefined && { lifetimeMs }),
  });
  return { actor: person, authority: via, grantId: grant.id };
}

/** What a grant to start a run about a model allows. */
export const grantTo = (action: GrantScope['action'], model: string): GrantScope => ({
  action,
  model,
  version: null,
  evidenceDigest: null,
});

/** Codes of errors after which the request may have reached Temporal all the same. */
const UNCERTAIN: readonly string[] = ['TEMPORAL_UNREACHABLE', 'TEMPORAL_TIMEOUT', 'TEMPORAL_BUSY'];

/**
 * Starts a run about a model in the name of the caller, with a grant that is issued now and that the run uses. The grant ends
 * if the run is refused.
 *
 * @throws TidegateError INVALID_REQUEST if an authenticated caller claims another name, and what `start` throws
 * @example await startGranted(database, request, grantTo('monitor', model), body.requestedBy, (author) => start(author.grantId));
 */
export async function startGranted<T>(
  database: Database,
  request: Pick<FastifyRequest, 'caller'>,
  scope: GrantScope,
  requestedBy: string | undefined,
  start: (author: Author) => Promise<T>,
): Promise<T> {
  // A retrain may wait for hours until those before it have ended.
  const issuing = { lifetimeMs: MAX_LIFETIME_MS };
  const author = await authorOf(database, request, scope, { reason: '', requestedBy }, issuing);
  try {
    return await start(author);
  } catch (error) {
    const isUncertain = error instanceof TidegateError && UNCERTAIN.includes(error.code);
    if (author.grantId !== null && !isUncertain) await closeGrant(database, author.grantId, String(error));
    throw error;
  }
}
