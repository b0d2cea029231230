// A chain of the audit log as lines of JSON, which can be verified without the database.
import { type Database } from '../postgres/database.ts';
import { type Checkpoint } from './checkpoint.ts';

/** One event. The hash is the SHA-256 of a JSON array of what is before `body`, and the text of `body`. */
export interface ExportedEvent {
  readonly previousHash: string;
  readonly chain: string;
  readonly position: number;
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
  /** Microseconds since 1970. */
  readonly micros: number;
  /** JSON text as it was hashed. */
  readonly body: string;
  readonly hash: string;
}

const BATCH = 5_000;

/** Reads a chain in order, from its beginning. @param chain a model, or '' for the installation */
export async function* exportChain(
  database: Pick<Database, 'pool'>,
  chain: string,
): AsyncGenerator<ExportedEvent> {
  let after = 0;
  for (;;) {
    const { rows } = await database.pool.query<ExportedEvent>(
      `select previous_hash as "previousHash", chain, position, kind, subject, actor,
         (extract(epoch from at) * 1000000)::bigint as micros, body::text as body, hash
       from tidegate.audit_event where chain = $1 and position > $2 order by position limit ${BATCH}`,
      [chain, after],
    );
    yield* rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.position;
  }
}

/** Returns the newest checkpoint, or undefined. */
export async function newestCheckpoint(database: Pick<Database, 'pool'>): Promise<Checkpoint | undefined> {
  const { rows } = await database.pool.query<Checkpoint>(
    'select statement, signature from tidegate.checkpoint order by sequence desc limit 1',
  );
  return rows[0];
}
