// Verifies checkpoints and anchors: whether the log still contains what was signed and copied outside of the database.
import type pg from 'pg';
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { readAnchors } from './anchor.ts';
import {
  type Checkpoint,
  type CheckpointStatement,
  type Heads,
  isSigned,
  readStatement,
} from './checkpoint.ts';
import { fingerprintOf } from './signing-key.ts';

/** What the verifier brings along. */
export interface TrustedFacts {
  /** Fingerprint of a key that signs or has signed checkpoints, noted outside of the database. */
  readonly fingerprint?: string | undefined;
  /** Contents of an anchor file. */
  readonly anchors?: string | undefined;
}

/** What checkpoints and anchors say. */
export interface VerifiedCheckpoints {
  readonly checkpoints: number;
  /** The newest checkpoint that was found outside of the database. */
  readonly anchored: { readonly sequence: number; readonly at: string } | null;
  /** Why the log counts as unanchored; null if it is anchored. */
  readonly unanchored: string | null;
  /** One line for each thing that is not what was signed or anchored. */
  readonly problems: readonly string[];
}

/** Events may be younger than the anchor by this much, because it is written each minute. */
const FRESH = '5 minutes';

/** Verifies checkpoints and anchors inside a transaction of the caller. */
export async function verifyCheckpoints(
  client: pg.ClientBase,
  { fingerprint, anchors }: TrustedFacts,
): Promise<VerifiedCheckpoints> {
  const { rows: stored } = await client.query<Checkpoint & { sequence: number }>(
    'select sequence, statement, signature from tidegate.checkpoint order by sequence',
  );
  const problems: string[] = [];
  const keys = new Set<string>();
  // What came before the key of the fingerprint is part of what it signed, whoever signed it then.
  const trustedFrom = stored.findIndex((checkpoint) => {
    const said = readStatement(checkpoint);
    return fingerprint === undefined || (said && fingerprintOf(said.publicKey) === fingerprint);
  });
  let before: { said: CheckpointStatement; statement: string } | undefined;
  for (const [index, checkpoint] of stored.entries()) {
    const said = readStatement(checkpoint);
    const name = `checkpoint ${checkpoint.sequence}`;
    if (said?.sequence !== index + 1 || checkpoint.sequence !== index + 1) {
      problems.push(`${name} is not the ${index + 1}. of the installation`);
      if (said === undefined) continue;
    }
    if (!isSigned(checkpoint, said)) problems.push(`${name} does not have the signature of its key`);
    if (said.previous !== (before === undefined ? '' : digestOfBytes(Buffer.from(before.statement))))
      problems.push(`${name} does not follow the one before it`);
    if (before !== undefined) {
      const isKeyKnown = said.publicKey === (before.said.nextPublicKey ?? before.said.publicKey);
      if (!isKeyKnown && index > trustedFrom)
        problems.push(`${name} is signed by a key that the key before it did not sign`);
      const back = Object.entries(before.said.heads).find(
        ([chain, [at]]) => (said.heads[chain]?.[0] ?? 0) < at,
      );
      if (back) problems.push(`${name} moves back in the chain ${called(back[0])}`);
    }
    if (isSigned(checkpoint, said)) keys.add(fingerprintOf(said.publicKey));
    before = { said, statement: checkpoint.statement };
  }
  if (before !== undefined) problems.push(...(await missingLinks(client, before.said, 'signed')));
  if (fingerprint !== undefined && !keys.has(fingerprint))
    problems.push(`no checkpoint is signed by the key ${fingerprint}`);

  const outside = compareAnchors(readAnchors(anchors ?? ''), stored);
  problems.push(...outside.problems);
  if (outside.newest) problems.push(...(await missingLinks(client, outside.newest, 'anchored')));
  return {
    checkpoints: stored.length,
    anchored: outside.newest ? { sequence: outside.newest.sequence, at: outside.newest.at } : null,
    unanchored: await reasonUnanchored(client, fingerprint, outside.newest),
    problems: [...new Set(problems)],
  };
}

const called = (chain: string): string => (chain === '' ? 'of the installation' : `of ${chain}`);

/** Compares each anchored checkpoint with the stored one of the same number. */
function compareAnchors(
  { checkpoints, unreadable }: ReturnType<typeof readAnchors>,
  stored: readonly Checkpoint[],
): { newest: CheckpointStatement | undefined; problems: string[] } {
  const problems: string[] = [];
  let newest: CheckpointStatement | undefined;
  for (const checkpoint of checkpoints) {
    const said = readStatement(checkpoint);
    if (said === undefined || !isSigned(checkpoint, said)) {
      problems.push('a line of the anchor does not have the signature of its key');
      continue;
    }
    const same = stored[said.sequence - 1];
    if (same === undefined) problems.push(`checkpoint ${said.sequence} was anchored and is missing`);
    else if (same.statement !== checkpoint.statement)
      problems.push(`checkpoint ${said.sequence} was anchored with other contents`);
    if (newest === undefined || said.sequence >= newest.sequence) newest = said;
  }
  // One line may have been cut off while it was written.
  if (unreadable > 1) problems.push(`${unreadable} lines of the anchor are no checkpoints`);
  return { newest, problems };
}

/** Returns what a checkpoint names and the chains do not contain. */
async function missingLinks(
  client: pg.ClientBase,
  said: CheckpointStatement,
  how: string,
): Promise<string[]> {
  const check = (
    heads: Heads,
    table: string,
    chain: string,
    position: string,
  ): Promise<{ rows: { chain: string; at: number }[] }> =>
    client.query<{ chain: string; at: number }>(
      `select w.chain, w.at from unnest($1::text[], $2::bigint[], $3::text[]) as w(chain, at, hash)
       where not exists (select from tidegate.${table} e
                         where e.${chain} = w.chain and e.${position} = w.at and e.hash = w.hash) order by 1`,
      [
        Object.keys(heads),
        Object.values(heads).map(([at]) => at),
        Object.values(heads).map(([, hash]) => hash),
      ],
    );
  const events = await check(said.heads, 'audit_event', 'chain', 'position');
  const moves = await check(said.moves, 'transition', 'model', 'id');
  const tell = (what: string) => (row: { chain: string; at: number }) =>
    `${what} ${row.at} in the chain ${called(row.chain)} was ${how} (checkpoint ${said.sequence}) and is missing or changed`;
  return [...events.rows.map(tell('event')), ...moves.rows.map(tell('stage move'))];
}

async function reasonUnanchored(
  client: pg.ClientBase,
  fingerprint: string | undefined,
  newest: CheckpointStatement | undefined,
): Promise<string | null> {
  if (fingerprint === undefined) return 'no fingerprint of the signing key was given';
  if (newest === undefined) return 'no anchored checkpoint was given';
  const { rows } = await client.query<{ late: number }>(
    `select count(*)::int as late from tidegate.audit_event e
     where e.position > coalesce(($1::jsonb -> e.chain ->> 0)::bigint, 0)
       and e.at not between now() - interval '${FRESH}' and now()`,
    [JSON.stringify(newest.heads)],
  );
  const { late } = rows[0]!;
  return late === 0 ? null : `${late} events are older than ${FRESH} and in no anchored checkpoint`;
}
