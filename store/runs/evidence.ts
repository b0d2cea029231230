// Evidence: what is put before the person who decides on a version; its digest binds the decision to it.
import { digestOf } from '../../domain/canonical-json.ts';
import { type Database } from '../database.ts';

/** Evidence on one version. */
export interface Evidence {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  /** The champion it was compared with; null where none was. */
  readonly championVersion: number | null;
  readonly body: unknown;
  readonly expiresAt: Date;
}

const COLUMNS = [
  'model',
  'version',
  'digest',
  'champion_version as championVersion',
  'body',
  'expires_at as expiresAt',
] as const;

/** Stores evidence under its digest; a repeated call keeps the first. */
export async function writeEvidence(database: Database, input: Omit<Evidence, 'digest'>): Promise<Evidence> {
  await database.kysely
    .insertInto('tidegate.evidence')
    .values({
      model: input.model,
      version: input.version,
      digest: digestOf(input.body),
      champion_version: input.championVersion,
      body: JSON.stringify(input.body),
      expires_at: input.expiresAt,
    })
    .onConflict((conflict) => conflict.columns(['model', 'version']).doNothing())
    .execute();
  return database.kysely
    .selectFrom('tidegate.evidence')
    .select(COLUMNS)
    .where('model', '=', input.model)
    .where('version', '=', input.version)
    .executeTakeFirstOrThrow();
}

/** The evidence on a version, if it is complete. */
export const findEvidence = (
  database: Database,
  model: string,
  version: number,
): Promise<Evidence | undefined> =>
  database.kysely
    .selectFrom('tidegate.evidence')
    .select(COLUMNS)
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
