// Verifies everything at one moment: the log, its checkpoints, and what the verifier noted outside of the database.
import { type Database, inTransaction } from '../postgres/database.ts';
import { type TrustedFacts, type VerifiedCheckpoints, verifyCheckpoints } from './verify-checkpoints.ts';
import { type AuditProblem, type ChainHead, verifyLogWithin } from './verify-log.ts';
import type pg from 'pg';

/** What to verify, and against what. */
export interface VerifyOptions extends TrustedFacts {
  /** Only the chain of this model; checkpoints are verified in any case. */
  readonly model?: string | undefined;
  /** The hash of an event or of a stage move that the log must still contain. */
  readonly head?: string | undefined;
}

/** A problem, of the log or of its checkpoints. */
export interface InstallationProblem extends Omit<AuditProblem, 'chain' | 'of'> {
  /** Null if it is about checkpoints. */
  readonly chain: string | null;
  readonly of: AuditProblem['of'] | 'checkpoint';
}

/** What was found. */
export interface VerifiedInstallation extends Omit<VerifiedCheckpoints, 'problems'> {
  /** Whether there are no problems. A whole log may still be unanchored. */
  readonly whole: boolean;
  readonly events: number;
  readonly moves: number;
  readonly chains: readonly ChainHead[];
  readonly problems: readonly InstallationProblem[];
}

/** Verifies log and checkpoints. @example (await verifyInstallation(database, { fingerprint, anchors })).whole */
export const verifyInstallation = (
  database: Pick<Database, 'pool'>,
  options: VerifyOptions = {},
): Promise<VerifiedInstallation> =>
  inTransaction(
    database,
    (client) => verifyInstallationWithin(client, options),
    'isolation level repeatable read read only',
  );

/** Like `verifyInstallation`, inside a transaction of the caller; it changes settings of that transaction. */
export async function verifyInstallationWithin(
  client: pg.ClientBase,
  { model, head, fingerprint, anchors }: VerifyOptions = {},
): Promise<VerifiedInstallation> {
  const log = await verifyLogWithin(client, model);
  const signed = await verifyCheckpoints(client, { fingerprint, anchors });
  const problems: InstallationProblem[] = [...log.problems];
  const about = { chain: null, position: null, of: 'checkpoint' } as const;
  problems.push(...signed.problems.map((problem) => ({ ...about, problem })));
  if (head !== undefined && !(await isKnown(client, head)))
    problems.push({ ...about, problem: `the log does not contain the hash ${head}` });
  const { events, moves, heads } = log;
  return { ...signed, whole: problems.length === 0, events, moves, chains: heads, problems };
}

async function isKnown(client: pg.ClientBase, head: string): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean }>(
    `select exists (select from tidegate.audit_event where hash = $1)
         or exists (select from tidegate.transition where hash = $1) as known`,
    [head],
  );
  return rows[0]!.known;
}
