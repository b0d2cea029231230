// The prediction log: what was asked, and which version answered what.
import { type Database } from '../postgres/database.ts';

/** One prediction as it is logged. */
export interface LoggedPrediction {
  readonly model: string;
  readonly version: number;
  /** Key values in the order of the entity's keys; null where features came with the request. */
  readonly entityKey: readonly string[] | null;
  readonly features: Readonly<Record<string, number | string | null>>;
  readonly score: number;
  readonly at: Date;
}

/** The connection was lost while a transaction was being committed: the rows may be written, or may not. */
export class UnknownOutcome extends Error {
  /** Names the transaction; {@link wasCommitted} says what became of it. */
  readonly transaction: string;

  constructor(transaction: string, cause: unknown) {
    super(`transaction ${transaction} was committed or not: ${(cause as Error).message}`, { cause });
    this.name = 'UnknownOutcome';
    this.transaction = transaction;
  }
}

/** How long one batch may take, in milliseconds: a lock that is held for longer is tried again. */
const STATEMENT_TIMEOUT_MS = 10_000;

// A limit that somebody set for the role or the database stays.
const BEGIN = `begin;
  select set_config('statement_timeout', '${STATEMENT_TIMEOUT_MS}', true) where current_setting('statement_timeout') = '0'`;

/**
 * Writes predictions of one instance, all or none.
 *
 * @throws UnknownOutcome if the connection was lost while they were being committed; after any other error none is written
 */
export async function writePredictions(
  { pool }: Database,
  instance: string,
  rows: readonly LoggedPrediction[],
): Promise<void> {
  const values = [
    rows.map(({ model }) => model),
    rows.map(({ version }) => version),
    rows.map(({ entityKey }) => entityKey && JSON.stringify(entityKey)),
    rows.map(({ features }) => JSON.stringify(features)),
    rows.map(({ score }) => score),
    rows.map(({ at }) => at.toISOString()),
    instance,
  ];
  const client = await pool.connect();
  let transaction: string | undefined;
  try {
    await client.query(BEGIN);
    // A statement outside of a transaction could still be carried out after its connection, and the patience for it,
    // were gone; in one, nothing is written before COMMIT is sent.
    const { rows: written } = await client.query<{ transaction: string }>(
      `with written as (
         insert into tidegate.prediction (model, version, entity_key, features, score, instance, at)
         select model, version, entity_key::jsonb, features::jsonb, score, $7, at
         from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::float8[], $6::timestamptz[])
           as logged (model, version, entity_key, features, score, at))
       select pg_current_xact_id()::text as transaction`,
      values,
    );
    transaction = written[0]?.transaction;
    await client.query('commit');
    client.release();
  } catch (error) {
    const state = (error as { readonly code?: unknown }).code;
    // What Postgres itself refuses to commit is undone. Anything else was heard of the way to it.
    const isAnswer = typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) && !/^(08|57P)/.test(state);
    if (isAnswer) await client.query('rollback').catch(() => undefined);
    client.release(!isAnswer);
    throw transaction === undefined || isAnswer ? error : new UnknownOutcome(transaction, error);
  }
}

/**
 * What became of a transaction whose end was not seen.
 *
 * @returns nothing while it is still running
 */
export async function wasCommitted({ pool }: Database, transaction: string): Promise<boolean | undefined> {
  try {
    const { rows } = await pool.query<{ status: string | null }>(
      'select pg_xact_status($1::xid8) as status',
      [transaction],
    );
    const status = rows[0]?.status;
    return status === 'in progress' ? undefined : status === 'committed';
  } catch (error) {
    // Of the future: the server that knew the transaction was replaced by one that never saw it.
    if ((error as { readonly code?: unknown }).code === '22023') return false;
    throw error;
  }
}
