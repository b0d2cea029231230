// Evidence: what is shown to the person who decides on a version. A decision contains the digest of the evidence, so
// that it is clear what it was based on.
import { sql } from 'kysely';
import { digestOf } from '../../domain/canonical-json.ts';
import { type FrozenPolicy } from '../../domain/decisions/promotion-policy.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';

const WRITTEN = ['model', 'version', 'digest', 'championVersion', 'body', 'expiresAt'] as const;

const COLUMNS = [...WRITTEN, 'policy', 'requesterIds', 'requesterNames'] as const;

/** The evidence on one version. Its policy and requesters are filled in by the database when it is stored. */
export type Evidence = Pick<Row<'tidegate.evidence'>, (typeof COLUMNS)[number]>;

/** Evidence that is to be stored. */
export type NewEvidence = Omit<Pick<Evidence, (typeof WRITTEN)[number]>, 'digest'> & {
  /** The policy that the body names; left out, the database fills in that of the model. */
  readonly policy?: FrozenPolicy;
};

/**
 * Stores evidence under its digest; a repeated call changes nothing.
 *
 * @throws TidegateError EVIDENCE_CHANGED if different evidence on the version is stored already
 */
export async function writeEvidence(database: Database, input: NewEvidence): Promise<Evidence> {
  const digest = digestOf(input.body);
  await database.kysely
    .insertInto('tidegate.evidence')
    .values({
      ...picked({ ...input, digest }, WRITTEN),
      body: JSON.stringify(input.body),
      ...(input.policy && { policy: JSON.stringify(input.policy) }),
    })
    .onConflict((conflict) => conflict.columns(['model', 'version']).doNothing())
    .execute();
  const stored = await findEvidence(database, input.model, input.version);
  if (stored?.digest === digest && stored.championVersion === input.championVersion) return stored;
  throw new TidegateError(
    'EVIDENCE_CHANGED',
    `the stored evidence on version ${input.version} of ${input.model} differs from the evidence that was gathered for its release`,
  );
}

/**
 * Returns the evidence on a version, if it has been stored.
 *
 * @throws TidegateError EVIDENCE_CHANGED if it no longer matches its digest
 */
export async function findEvidence(
  database: Database,
  model: string,
  version: number,
): Promise<Evidence | undefined> {
  const evidence = await database.kysely
    .selectFrom('tidegate.evidence')
    .select(COLUMNS)
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (evidence && digestOf(evidence.body) !== evidence.digest) {
    throw new TidegateError(
      'EVIDENCE_CHANGED',
      `the evidence on version ${version} of ${model} differs from its digest ${evidence.digest.slice(0, 12)}…`,
    );
  }
  return evidence;
}

/** Returns the stored digest of the evidence on a version, without checking the evidence; null if there is none. */
export async function evidenceDigestOf(
  database: Database,
  model: string,
  version: number,
): Promise<string | null> {
  const row = await database.kysely
    .selectFrom('tidegate.evidence')
    .select('digest')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  return row?.digest ?? null;
}

/**
 * Returns the part of a model's promotion policy that is about people, as the database freezes it with new evidence.
 *
 * @throws TidegateError UNKNOWN_MODEL
 */
export async function readPromotionPolicy(
  { kysely }: Pick<Database, 'kysely'>,
  model: string,
): Promise<FrozenPolicy> {
  const { rows } = await sql<{ policy: FrozenPolicy | null }>`
    select tidegate.promotion_policy(${model}) as policy`.execute(kysely);
  if (rows[0]?.policy) return rows[0].policy;
  throw new TidegateError('UNKNOWN_MODEL', `there is no model "${excerpt(model)}"`);
}
