// The prediction log: the features of each request, the version that answered, and its score.
import type pg from 'pg';
import { CopyIn } from '../postgres/copy-in.ts';
import { type Database } from '../postgres/database.ts';

/** One row of the log. */
export interface LoggedPrediction {
  /** A UUID that no other prediction has. */
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** Key values in the order of the entity's keys, as a JSON array of texts; null if the request named no entity. */
  readonly entityKey: string | null;
  /** The features by name, as a JSON object. */
  readonly features: string;
  readonly score: number;
  readonly at: Date;
}

/** The connection was lost during a commit, so it is not known whether the rows were written. */
export class UnknownOutcome extends Error {
  /** Id of the transaction; {@link wasCommitted} finds out whether it was committed. */
  readonly transaction: string;

  constructor(transaction: string, cause: unknown) {
    super(`it is not known whether transaction ${transaction} was committed: ${(cause as Error).message}`, {
      cause,
    });
    this.name = 'UnknownOutcome';
    this.transaction = transaction;
  }
}

/** How long one batch may take, in milliseconds; if it waits for a lock for longer, the batch is tried again later. */
const STATEMENT_TIMEOUT_MS = 10_000;

// Sets the limit only if the role and the database have none; a limit that they have stays in force.
const BEGIN = `begin;
  select set_config('statement_timeout', '${STATEMENT_TIMEOUT_MS}', true) where current_setting('statement_timeout') = '0'`;

/**
 * Writes predictions of one instance: all of them, or none if an error occurs.
 *
 * @throws UnknownOutcome if the connection was lost during the commit; after any other error none was written
 */
export async function writePredictions(
  { pool }: Database,
  instance: string,
  rows: readonly LoggedPrediction[],
): Promise<void> {
  // Made before the connection is taken, so that a row that cannot be written as text costs no transaction.
  const lines = rows.map((row) => lineOf(row, instance)).join('');
  const client = await pool.connect();
  let transaction: string | undefined;
  try {
    await client.query(BEGIN);
    // A statement outside a transaction might still be executed after this process lost the connection or stopped
    // waiting. In a transaction, nothing is written before COMMIT is sent.
    const { rows: begun } = await client.query<{ transaction: string }>(
      'select pg_current_xact_id()::text as transaction',
    );
    await copyLines(client, lines);
    transaction = begun[0]?.transaction;
    await client.query('commit');
    client.release();
  } catch (error) {
    const state = (error as { readonly code?: unknown }).code;
    // An error from Postgres itself means that the transaction was rolled back. Any other error comes from the
    // connection, so it is not known whether the commit happened.
    const isAnswer = typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) && !/^(08|57P)/.test(state);
    if (isAnswer) await client.query('rollback').catch(() => undefined);
    client.release(!isAnswer);
    throw transaction === undefined || isAnswer ? error : new UnknownOutcome(transaction, error);
  }
}

const COPY =
  'copy tidegate.prediction (prediction_id, model, version, entity_key, features, score, instance, at) from stdin';

async function copyLines(client: pg.ClientBase, lines: string): Promise<void> {
  const copy = await CopyIn.open(client, COPY);
  await copy.write(lines);
  await copy.end();
}

/** A row in COPY's text format. @throws RangeError if its time is not a time */
function lineOf(
  { id, model, version, entityKey, features, score, at }: LoggedPrediction,
  instance: string,
): string {
  const key = entityKey === null ? '\\N' : escaped(entityKey);
  return `${id}\t${escaped(model)}\t${version}\t${key}\t${escaped(features)}\t${score}\t${escaped(instance)}\t${at.toISOString()}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

const escaped = (text: string): string =>
  /[\\\t\n\r]/.test(text) ? text.replaceAll(/[\\\t\n\r]/g, (character) => ESCAPES[character]!) : text;

/**
 * Finds out whether a transaction was committed.
 *
 * @returns undefined while it is still running
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
    // "transaction ID is in the future": the server was replaced by one that never had this transaction.
    if ((error as { readonly code?: unknown }).code === '22023') return false;
    throw error;
  }
}
